import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { chromium as playwright, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBusyBitbucket } from "./busy-bitbucket.ts";
import { findChromium } from "./chromium.ts";
import { addressOf, expectReadable, screens, views } from "./views.ts";

const chromium = await findChromium();

describe.runIf(chromium)("the pages of the fake", () => {
  let folder: string;
  let server: BitbucketMockServer;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "views-"));
    server = await startBusyBitbucket();
    browser = await playwright.launch(chromium?.launchOptions);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  it.each(views)("$name can be read on a $screen, $colorScheme", async ({ name, screen, colorScheme }) => {
    const page = await browser.newPage({ viewport: screens[screen], colorScheme });
    await page.goto(addressOf(name, server));
    const path = join(folder, `${name}-${screen}-${colorScheme}.png`);
    await expect(expectReadable(page, path)).resolves.toBeUndefined();
    await page.close();
  });
});
