import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { startExampleApp, type ExampleApp } from "../express/example-app.ts";
import { clippedOn } from "./clipped-rings.ts";

// The long suite has the single-page app.
describe.runIf(hasChromium)("the Express app and the box of its fake Bitbucket", () => {
  let browser: Browser;
  let app: ExampleApp;
  beforeAll(async () => {
    [browser, app] = await Promise.all([launchChromium(), startExampleApp()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([browser.close(), app.close()]);
  });

  it("shows where the focus of a keyboard is, all around it", async () => {
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

  it("tells what a press of a button of the box did, and leads to everything the fake was asked", async () => {
    // One of its own, whose fake has counted nothing yet.
    const own = await startExampleApp();
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${own.url}/auth/bitbucket`);
    await page.getByRole("button", { name: "Grant access" }).click();
    const box = page.getByRole("region", { name: "A fake Bitbucket" });
    await box.getByText("1 sign-in and 0 refreshes").waitFor();
    await box.getByRole("button", { name: "Let two hours pass" }).click();
    await box.getByText("1 sign-in and 1 refresh.").waitFor();
    expect(await box.getByText("1 sign-in and 0 refreshes").count()).toBe(0);
    await box.getByRole("link", { name: "all it was asked" }).click();
    await page.getByRole("heading", { name: "Requests, newest first" }).waitFor();
    await context.close();
    await own.close();
  });
});
