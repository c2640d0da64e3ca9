import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { startTestDemo } from "./running-demo.ts";

/** A running demo, and an empty page in a browser that keeps pages for its back button. */
export interface KeptPage {
  readonly demo: RunningDemo;
  readonly context: BrowserContext;
  readonly page: Page;
}

/** Registers tests of pages that come back as they were left, each with a demo and a page of its own, which `opened()` answers. */
export function describeKeptPage(body: (opened: () => KeptPage) => void): void {
  describe.runIf(hasChromium)("a page that the back button brings back as it was left", () => {
    let browser: Browser;
    let current: KeptPage;
    beforeAll(async () => {
      // Playwright starts Chromium without this cache; users' browsers have it.
      browser = await launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      const demo = await startTestDemo();
      const { context } = await openContext(browser);
      current = { demo, context, page: await context.newPage() };
    });
    afterEach(async () => {
      await current.context.close();
      await current.demo.close();
    });
    body(() => current);
  });
}

/** Leaves for another site, lets something happen, and comes back to the very same document. */
export async function leaveAndReturn(
  { demo, page }: KeptPage,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  await page.evaluate(() => Object.assign(window, { isTheSame: true }));
  await page.goto(`${demo.today.url}/_mock`);
  await meanwhile();
  // Note: a document that is brought back loads nothing, so there is no `load` to wait for.
  await page.goBack({ waitUntil: "commit" });
  expect(await page.evaluate(() => "isTheSame" in window)).toBe(true);
}
