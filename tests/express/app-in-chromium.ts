import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { hasChromium, launchChromium } from "./chromium.ts";
import { startExampleApp, type ExampleApp } from "./example-app.ts";

/** The example app and a browser. Tests share both, and bring a context of their own. */
export interface AppInChromium {
  readonly app: ExampleApp;
  readonly browser: Browser;
}

/** Registers tests of the example app, which `running()` answers. */
export function describeAppInChromium(body: (running: () => AppInChromium) => void): void {
  describe.runIf(hasChromium)("the example app in Chromium", () => {
    let running: AppInChromium;
    beforeAll(async () => {
      running = { app: await startExampleApp(), browser: await launchChromium() };
    });
    afterAll(async () => {
      await running.browser.close();
      await running.app.close();
    });
    body(() => running);
  });
}

/** Signs alice in and waits for her page. */
export async function signedIn(page: Page, { url }: ExampleApp): Promise<Page> {
  await page.goto(`${url}/auth/bitbucket`);
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByRole("heading", { name: "Alice Example" }).waitFor();
  return page;
}
