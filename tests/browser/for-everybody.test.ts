import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextTabStop } from "../consumers/next-tab-stop.ts";
import { worstContrast } from "../consumers/worst-contrast.ts";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { signInAtBackend, signInAtStaticPage, statusOf } from "./people.ts";
import { takePicture } from "./pictures.ts";
import { startTestDemo } from "./running-demo.ts";

let browser: Browser;
let demo: RunningDemo;

describe.runIf(hasChromium)("the pages of the browser example, for everybody", () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    demo = await startTestDemo();
  });
  afterEach(() => demo.close());

  it.each([
    { colorScheme: "light", width: 1280 },
    { colorScheme: "dark", width: 390 },
  ] as const)("can be read and pressed, $colorScheme, $width pixels wide", async ({ colorScheme, width }) => {
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
    await statusOf(page, "Nobody is signed in.");
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
  });

  it("can be used with the keys alone, and the focus is where the news is", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(demo.backendUrl);
    await statusOf(page, "You are not signed in.");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Sign in with Bitbucket");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Grant access" }).press("Enter");
    await statusOf(page, "Signed in as Alice Example.");
    const asked = demo.today.mock.requests.api().length;
    await pressTabUntil(page, "acme");
    await page.keyboard.press("Enter");
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    expect(await focused(page)).toBe("acme");
    expect(await page.title()).toBe("acme · Bitbucket Auth");
    expect(demo.today.mock.requests.api()).toHaveLength(asked + 1);
    await context.close();
  });

  it("ask nothing again when somebody skips to the content", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    const asked = demo.today.mock.requests.api().length;
    await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.getByRole("link", { name: "acme" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    expect(demo.today.mock.requests.api()).toHaveLength(asked + 1);
    await context.close();
  });
});

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

function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}

/** Goes from stop to stop; fails where they end. */
async function pressTabUntil(page: Page, text: string): Promise<void> {
  const passed: string[] = [];
  for (let stop = await nextTabStop(page); stop !== undefined; stop = await nextTabStop(page)) {
    if (stop.startsWith(text)) return;
    passed.push(stop);
  }
  expect(passed).toContain(text);
}
