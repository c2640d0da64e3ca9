import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BitbucketMockServer } from "@bitbucket-auth/testing/server";
import { chromium as playwright, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startBusyBitbucket } from "./busy-bitbucket.ts";
import { findChromium } from "./chromium.ts";
import { nextTabStop } from "./next-tab-stop.ts";
import { worstContrast } from "./worst-contrast.ts";

/** Where the pictures go. Look at them when a page changes: this file measures, it has no taste. */
const artifacts = fileURLToPath(new URL(".artifacts/", import.meta.url));

const screens = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } } as const;

const views = (["consent", "invalid-callback", "inspector"] as const).flatMap((name) =>
  (["phone", "desktop"] as const).flatMap((screen) =>
    (["light", "dark"] as const).map((colorScheme) => ({ name, screen, colorScheme })),
  ),
);

function addressOf(name: (typeof views)[number]["name"], { url, mock }: BitbucketMockServer): string {
  if (name === "inspector") return `${url}/_mock`;
  const clientId = mock.consumers[0]?.clientId ?? "";
  const wrong = name === "invalid-callback" ? "&redirect_uri=https://elsewhere.example/" : "";
  return `${mock.urls.authorize}?response_type=code&client_id=${clientId}${wrong}`;
}

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

  it.each(views)("$name can be read on a $screen, $colorScheme", async (view) => {
    const page = await open(addressOf(view.name, server), view);
    const path = `${artifacts}${view.name}-${view.screen}-${view.colorScheme}.png`;
    await page.screenshot({ path, fullPage: true });

    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(sideways).toBeLessThanOrEqual(0);
    // WCAG 2.2, 1.4.3: what ordinary text needs.
    expect((await page.evaluate(worstContrast)).ratio).toBeGreaterThanOrEqual(4.5);
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
