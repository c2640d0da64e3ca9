import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInAtBackend, statusOf } from "../browser/people.ts";
import { startTestDemo } from "../browser/running-demo.ts";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { startExampleApp, type ExampleApp } from "../express/example-app.ts";
import { clippedRings } from "./clipped-rings.ts";

describe.runIf(hasChromium)("the pages of the examples, by keyboard", () => {
  let browser: Browser;
  let app: ExampleApp;
  let demo: RunningDemo;
  beforeAll(async () => {
    [browser, app, demo] = await Promise.all([launchChromium(), startExampleApp(), startTestDemo()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([browser.close(), app.close(), demo.close()]);
  });

  /** The rings that are cut off for somebody who has just pressed a key. Rejects where there is nothing to focus. */
  async function clippedOn(page: Page): Promise<readonly string[]> {
    await page.keyboard.press("Tab");
    const { looked, clipped } = await page.evaluate(clippedRings);
    if (looked === 0) throw new Error(`Nothing on ${page.url()} can be focused.`);
    return clipped;
  }

  it("shows where the focus is in the Express app, all around it", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(app.url);
    expect(await clippedOn(page)).toEqual([]);
    await page.goto(`${app.url}/auth/bitbucket`);
    expect(await clippedOn(page)).toEqual([]);
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByRole("heading", { name: "Alice Example" }).waitFor();
    expect(await clippedOn(page)).toEqual([]);
    await page.goto(`${app.url}/workspaces/acme?page=2`);
    expect(await clippedOn(page)).toEqual([]);
    await context.close();
  });

  it("shows where the focus is in the single-page app, all around it", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    expect(await clippedOn(page)).toEqual([]);
    await context.close();
  });

  it("does not ask for another try where trying again cannot help", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await page.goto(`${demo.backendUrl}/workspaces/nothing-of-the-kind`);
    await statusOf(page, "Not here");
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await page.getByRole("link", { name: "Back to the start" }).click();
    await statusOf(page, "Signed in as Alice Example.");
    await context.close();
  });
});

describe.runIf(hasChromium)("the box of the fake Bitbucket", () => {
  let browser: Browser;
  let app: ExampleApp;
  beforeAll(async () => {
    [browser, app] = await Promise.all([launchChromium(), startExampleApp()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([browser.close(), app.close()]);
  });

  it("tells what a press of its buttons did, and leads to everything it was asked", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${app.url}/auth/bitbucket`);
    await page.getByRole("button", { name: "Grant access" }).click();
    const box = page.getByRole("region", { name: "A fake Bitbucket" });
    await box.getByText("1 sign-in and 0 refreshes").waitFor();
    await box.getByRole("button", { name: "Let two hours pass" }).click();
    await box.getByText("1 sign-in and 1 refresh.").waitFor();
    expect(await box.getByText("1 sign-in and 0 refreshes").count()).toBe(0);
    await box.getByRole("link", { name: "all it was asked" }).click();
    await page.getByRole("heading", { name: "Requests, newest first" }).waitFor();
    await context.close();
  });
});
