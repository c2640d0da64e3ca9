import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { startTestDemo } from "./running-demo.ts";

/** A running demo, and an empty page in a browser of its own. */
export interface BackendPage {
  readonly demo: RunningDemo;
  readonly context: BrowserContext;
  /** What the console of the browser complained of. */
  readonly complaints: readonly string[];
  readonly page: Page;
}

/** Registers tests of the single-page app, each with a demo and a page of its own, which `opened()` answers. */
export function describeBackendPage(body: (opened: () => BackendPage) => void): void {
  describe.runIf(hasChromium)("a single-page app on the backend, in Chromium", () => {
    let browser: Browser;
    let current: BackendPage;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      const demo = await startTestDemo();
      const { context, complaints } = await openContext(browser);
      current = { demo, context, complaints, page: await context.newPage() };
    });
    afterEach(async () => {
      await current.context.close();
      await current.demo.close();
    });
    body(() => current);
  });
}
