import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser } from "playwright-core";
import { expect } from "vitest";
import { worstContrast } from "../consumers/worst-contrast.ts";
import { openContext } from "../express/chromium.ts";
import { takePicture } from "./pictures.ts";
import { signInAtBackend, signInAtStaticPage, statusOf } from "./signed-in-pages.ts";

/** The screen of a user. */
export interface Screen {
  readonly colorScheme: "light" | "dark";
  readonly width: number;
}

/** Goes through the pages of the browser example and expects that each can be read and pressed on that screen. */
export async function lookAtPages(
  browser: Browser,
  demo: RunningDemo,
  { colorScheme, width }: Screen,
): Promise<void> {
  const { context } = await openContext(browser, { colorScheme, viewport: { width, height: 780 } });
  const page = await context.newPage();
  const seen: {
    readonly name: string;
    readonly sideways: number;
    readonly contrast: number;
    readonly lowest: number;
  }[] = [];
  const look = async (name: string): Promise<void> => {
    await takePicture(page, `${name}-${colorScheme}-${width}`);
    seen.push({
      name,
      ...(await page.evaluate(measure)),
      contrast: (await page.evaluate(worstContrast)).ratio,
    });
  };

  await page.goto(demo.backendUrl);
  await statusOf(page, "You are not signed in.");
  await look("welcome");
  await signInAtBackend(page);
  await statusOf(page, "Signed in as Alice Example.");
  await look("home");
  await page.goto(`${demo.backendUrl}/workspaces/acme?page=2`);
  await statusOf(page, "Repositories of acme, page 2 of 3.");
  await look("repositories");
  await page.goto(`${demo.backendUrl}/workspaces/nothing-of-the-kind`);
  await statusOf(page, "Not here");
  await look("not-here");
  await page.goto(demo.staticUrl);
  await statusOf(page, "You are not signed in.");
  await look("static");
  await signInAtStaticPage(page);
  await look("static-signed-in");
  await page.reload();
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await statusOf(page, "You are not signed in.");
  await look("static-denied");

  expect(seen).toHaveLength(7);
  expect(seen.filter(({ sideways }) => sideways > 0)).toEqual([]);
  // WCAG 2.2: 1.4.3 for ordinary text, 2.5.5 for what is pressed.
  expect(seen.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
  expect(seen.filter(({ lowest }) => lowest < 44)).toEqual([]);
  await context.close();
}

/** How far the page reaches beyond the screen, and the height of its lowest button. Runs inside the page. */
function measure(): { readonly sideways: number; readonly lowest: number } {
  const heights = [...document.querySelectorAll("button, .button, .list a")]
    .map((element) => element.getBoundingClientRect().height)
    .filter((height) => height > 0);
  return {
    sideways: document.documentElement.scrollWidth - window.innerWidth,
    lowest: Math.min(...heights),
  };
}
