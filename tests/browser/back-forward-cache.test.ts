import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { signInAtBackend, signInAtStaticPage, statusOf } from "./people.ts";
import { startTestDemo } from "./running-demo.ts";

let browser: Browser;
let demo: RunningDemo;
let context: BrowserContext;
let page: Page;

describe.runIf(hasChromium)("a page that the back button brings back as it was left", () => {
  beforeAll(async () => {
    // Tests usually run without this cache; people's browsers have it.
    browser = await launchChromium({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    demo = await startTestDemo();
    ({ context } = await openContext(browser));
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await demo.close();
  });

  /** Leaves for another site, lets something happen, and comes back to the very same document. */
  async function leaveAndReturn(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    await page.evaluate(() => Object.assign(window, { isTheSame: true }));
    await page.goto(`${demo.today.url}/_mock`);
    await meanwhile();
    // Note: a document that is brought back loads nothing, so there is no `load` to wait for.
    await page.goBack({ waitUntil: "commit" });
    expect(await page.evaluate(() => "isTheSame" in window)).toBe(true);
  }

  it("shows nothing of a person whose session has ended meanwhile", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await leaveAndReturn(() => context.clearCookies());
    await page.getByRole("heading", { name: "Please sign in again" }).waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("still knows a person whose session lives", async () => {
    await page.goto(`${demo.backendUrl}/workspaces/acme?page=2`);
    await signInAtBackend(page);
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    await leaveAndReturn();
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    expect(demo.today.mock.grants).toHaveLength(1);
  });

  it("still has its implicit token, and it is nowhere in the address", async () => {
    await page.goto(demo.staticUrl);
    await signInAtStaticPage(page);
    await leaveAndReturn();
    await statusOf(page, "Signed in as Alice Example.");
    expect(page.url()).toBe(`${demo.staticUrl}/`);
  });

  it("explains what happened at a server that does not speak the implicit grant", async () => {
    await page.goto(demo.staticUrl);
    await page.getByRole("button", { name: "Try Bitbucket as it is today" }).click();
    await page.getByRole("heading", { name: "The app's callback URL is invalid" }).waitFor();
    await page.goBack({ waitUntil: "commit" });
    await page.getByText("Code: no_answer").waitFor();
    expect(await page.getByRole("button", { name: "Sign in", exact: true }).isVisible()).toBe(true);
  });
});
