import { expect, it } from "vitest";
import { hasChromium, launchChromium } from "../express/chromium.ts";
import { lookAtPages } from "./look-at-pages.ts";
import { startTestDemo } from "./running-demo.ts";

it.runIf(hasChromium)(
  "the pages of the browser example, in Chromium, can be read and pressed, light, 1280 pixels wide",
  async () => {
    const browser = await launchChromium();
    const demo = await startTestDemo();
    try {
      const screen = { colorScheme: "light", width: 1280 } as const;
      await expect(lookAtPages(browser, demo, screen)).resolves.toBeUndefined();
    } finally {
      await browser.close();
      await demo.close();
    }
  },
);
