import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nextTabStop } from "../consumers/next-tab-stop.ts";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { statusOf } from "./signed-in-pages.ts";
import { lookAtPages } from "./look-at-pages.ts";
import { startTestDemo } from "./running-demo.ts";

let browser: Browser;
let demo: RunningDemo;

describe.runIf(hasChromium)("the pages of the browser example, in Chromium", () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    demo = await startTestDemo();
  });
  afterEach(() => demo.close());

  // The long suite has a wide screen and light colours.
  it("can be read and pressed, dark, 390 pixels wide", async () => {
    await expect(lookAtPages(browser, demo, { colorScheme: "dark", width: 390 })).resolves.toBeUndefined();
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
});

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
