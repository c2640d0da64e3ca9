import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { readPageContents } from "./page-contents.ts";
import { startTestDemo } from "./running-demo.ts";
import { signInAtStaticPage, statusOf } from "./signed-in-pages.ts";

/** A static page of the demo, open in a browser of its own. */
export interface StaticPage {
  readonly demo: RunningDemo;
  readonly context: BrowserContext;
  /** What the console of the browser complained of. */
  readonly complaints: readonly string[];
  readonly page: Page;
}

/** Registers tests of the static page, each with a demo and a page of its own, which `opened()` answers. */
export function describeStaticPage(body: (opened: () => StaticPage) => void): void {
  describe.runIf(hasChromium)("a static page by the implicit grant, in Chromium", () => {
    let browser: Browser;
    let current: StaticPage;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      const demo = await startTestDemo();
      const { context, complaints } = await openContext(browser);
      const page = await context.newPage();
      current = { demo, context, complaints, page };
      await page.goto(demo.staticUrl);
    });
    afterEach(async () => {
      await current.context.close();
      await current.demo.close();
    });
    body(() => current);
  });
}

/** Every address with a token that the tab is sent to from now on. */
export function callbacks(page: Page): string[] {
  const seen: string[] = [];
  page.on("framenavigated", (frame) => {
    if (frame.url().includes("access_token=")) seen.push(frame.url());
  });
  return seen;
}

/** How a state can be wrong, as it stands behind a callback's address. */
export const wrongStates = [
  ["of another sign-in", "&state=of-another-sign-in-of-another-sign-in-of-another"],
  ["missing", ""],
  ["there twice", "&state=one-of-two-one-of-two-one-of-two&state=two-of-two-two-of-two"],
] as const;

/** Registers, for one wrong state, that the page takes no token with it. */
export function refusesState(opened: () => StaticPage, [name, state]: readonly [string, string]): void {
  it(`refuses a token whose state is ${name}, and takes it out of the address all the same`, async () => {
    const { demo, page } = opened();
    const { tokens } = demo.legacy.mock.issueGrant();
    await page.goto(`${demo.staticUrl}/?a=1#access_token=${tokens.accessToken}&token_type=bearer${state}`);
    await page.reload();
    await page.goto(`${demo.staticUrl}/#access_token=${tokens.accessToken}&token_type=bearer${state}`);
    await statusOf(page, "You are not signed in.");
    const { address, history } = await readPageContents(page);
    expect(address).toBe(`${demo.staticUrl}/`);
    expect(demo.legacy.mock.leaks(history.join())).toEqual([]);
    expect(demo.legacy.mock.requests.api()).toEqual([]);
  });
}

/** Registers that a refusal of the server is explained, which its redirection has behind this mark. */
export function explainsRefusal(opened: () => StaticPage, mark: "#" | "?"): void {
  it(`shows the refusal that a server sends back behind a ${mark}`, async () => {
    const { context, demo, page } = opened();
    await context.route(`${demo.today.urls.authorize}?*`, (route) => {
      const sent = new URL(route.request().url()).searchParams;
      const answer = new URLSearchParams({
        error: "unsupported_response_type",
        state: sent.get("state") ?? "",
      });
      return route.fulfill({ status: 302, headers: { location: `${demo.staticUrl}/${mark}${answer}` } });
    });
    await page.getByRole("button", { name: "Try Bitbucket as it is today" }).click();
    await page
      .getByText("That server gives no tokens to pages. Use a sign-in on a backend instead.")
      .waitFor();
    await page.getByText("Code: authorization_denied").waitFor();
    expect(page.url()).toBe(`${demo.staticUrl}/`);
    await signInAtStaticPage(page);
  });
}
