import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { hasChromium, launchChromium, openProfile, storageOf } from "./chromium.ts";

describe.skipIf(!hasChromium)("createPageStorage() of the minified bundle, in Chromium", () => {
  let browser: Browser;
  let tabs: readonly [Page, Page];
  let cases = 0;
  beforeAll(async () => {
    browser = await launchChromium();
    const { openTab } = await openProfile(browser);
    tabs = [await openTab(), await openTab()];
  }, 60_000);
  afterAll(() => browser.close());

  // Each case has a database of its own, and a second handle is a second tab.
  describeStorageContract("keeps the storage contract", {
    runner: { describe, it, beforeEach, afterEach },
    create() {
      cases += 1;
      return storageOf(tabs[0], `case${cases}`);
    },
    reopen: () => storageOf(tabs[1], `case${cases}`),
  });
});
