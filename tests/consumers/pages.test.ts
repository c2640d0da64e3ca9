import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startBusyBitbucket } from "./busy-bitbucket.ts";
import { findChromium } from "./chromium.ts";
import { nextTabStop } from "./next-tab-stop.ts";
import { addressOf, expectReadable, screens, views } from "./views.ts";

/** Where the pictures go. Look at them when a page changes: this file measures, it has no taste. */
const artifacts = fileURLToPath(new URL(".artifacts/", import.meta.url));

/** The page of users dark on a phone, that of developers light on a desktop. The long suite has every page on all four. */
const mostUsed = views.filter(
  ({ name, screen, colorScheme }) =>
    (name === "inspector" && screen === "desktop" && colorScheme === "light") ||
    (name === "consent" && screen === "phone" && colorScheme === "dark"),
);

const chromium = await findChromium();

describe.runIf(chromium)("the pages of the fake", () => {
  let server: BitbucketMockServer;
  let browser: Browser;
  beforeAll(async () => {
    await mkdir(artifacts, { recursive: true });
    server = await startBusyBitbucket();
    browser = await playwright.launch(chromium?.launchOptions);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(address: string, view: Partial<(typeof views)[number]> = {}): Promise<Page> {
    const { screen = "desktop", colorScheme = "light" } = view;
    const page = await browser.newPage({ viewport: screens[screen], colorScheme });
    onTestFinished(() => page.close());
    await page.goto(address);
    return page;
  }

  it.each(mostUsed)("$name can be read on a $screen, $colorScheme", async (view) => {
    const page = await open(addressOf(view.name, server), view);
    const path = `${artifacts}${view.name}-${view.screen}-${view.colorScheme}.png`;
    await expect(expectReadable(page, path)).resolves.toBeUndefined();
  });

  it("have every column of the inspector in sight on a desktop, and every answer on a phone", async () => {
    const address = addressOf("inspector", server);
    const desktop = await open(address);
    const cutOff = await desktop
      .getByRole("region")
      .evaluateAll((all) => all.filter((region) => region.scrollWidth > region.clientWidth).length);
    expect(cutOff).toBe(0);

    const phone = await open(address, { screen: "phone" });
    const answers = await phone.getByRole("columnheader", { name: "Answer" }).boundingBox();
    expect((answers?.x ?? Infinity) + (answers?.width ?? 0)).toBeLessThan(screens.phone.width);
  });

  it("have a consent form that a keyboard can answer", async () => {
    const page = await open(addressOf("consent", server));
    const reached: string[] = [];
    for (let stop = await nextTabStop(page); stop !== undefined; stop = await nextTabStop(page))
      reached.push(stop);
    const inForm = reached.filter((text) => /Alice Example|Grant|Cancel/.test(text));
    expect(inForm).toEqual([expect.stringContaining("Alice Example"), "Grant access", "Cancel"]);
    const heights = await page
      .getByRole("button")
      .evaluateAll((all) => all.map((button) => button.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44);
  });

  it("show no secret of the fake, in text or markup", async () => {
    const page = await open(addressOf("inspector", server));
    expect(server.mock.leaks(await page.content())).toEqual([]);
    expect(await page.getByRole("row").count()).toBeGreaterThan(15);
  });

  it("follow what happens when the inspector is told to", async () => {
    const page = await open(addressOf("inspector", server));
    await page.getByRole("link", { name: "Follow live" }).click();
    const { id } = server.mock.issueGrant();
    const shown = page.getByRole("cell", { name: id, exact: true });
    await shown.waitFor();
    await page.getByRole("link", { name: "Stop following" }).click();
    await page.getByRole("link", { name: "Follow live" }).waitFor();
    expect(await shown.count()).toBe(1);
  });
});
