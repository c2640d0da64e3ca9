import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { hasChromium, launchChromium } from "../express/chromium.ts";
import { type RunningExample, startExample } from "./example.ts";
import type { BrowsedApp } from "./in-chromium.ts";

/** A browser, and the example it looks at. */
export interface BrowsedHono {
  readonly browser: Browser;
  readonly app: BrowsedApp;
}

/** Registers tests of the Hono example, which `running()` answers. */
export function describeHonoExample(body: (running: () => BrowsedHono) => void): void {
  describe.runIf(hasChromium)("the Hono example in Chromium", () => {
    let browser: Browser;
    let example: RunningExample;
    beforeAll(async () => {
      browser = await launchChromium();
      example = await startExample("hono-app/src/main.ts");
    });
    afterAll(async () => {
      example?.stop();
      await browser?.close();
    });
    body(() => ({ browser, app: { url: example.url, guarded: ["/workspaces", "Workspaces"] } }));
  });
}
