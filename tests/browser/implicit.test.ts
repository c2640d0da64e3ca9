import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { readHeap, readPageContents } from "./page-contents.ts";
import { signInAtStaticPage, statusOf } from "./people.ts";
import { startTestDemo } from "./running-demo.ts";

let browser: Browser;
let demo: RunningDemo;
let context: BrowserContext;
let complaints: string[];
let page: Page;

describe.runIf(hasChromium)("a static page by the implicit grant, in Chromium", () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    demo = await startTestDemo();
    ({ context, complaints } = await openContext(browser));
    page = await context.newPage();
    await page.goto(demo.staticUrl);
  });
  afterEach(async () => {
    await context.close();
    await demo.close();
  });

  function accessToken(): string {
    const { mock } = demo.legacy;
    return mock.grant(mock.grants.at(-1)?.id ?? "").tokens.accessToken;
  }

  /** Every address with a token that the tab is sent to. */
  function callbacks(): string[] {
    const seen: string[] = [];
    page.on("framenavigated", (frame) => {
      if (frame.url().includes("access_token=")) seen.push(frame.url());
    });
    return seen;
  }

  it("signs in and reads the API of another origin, under a policy that allows that one alone", async () => {
    await signInAtStaticPage(page);
    expect(await page.getByRole("list", { name: "Your workspaces" }).innerText()).toBe("acme\nlighthouse");
    expect(complaints).toEqual([]);
    const elsewhere = page.evaluate((url) => fetch(url), demo.today.url);
    await expect(elsewhere).rejects.toThrow("Failed to fetch");
    expect(complaints.join()).toContain("Content Security Policy");
  });

  it("takes the token out of address and history, and keeps it in memory alone", async () => {
    const seen = callbacks();
    await signInAtStaticPage(page);
    expect(seen).toHaveLength(1);
    expect(demo.legacy.mock.leaks(seen.join())).toHaveLength(1);

    const { timings: _theBrowsersOwn, ...contents } = await readPageContents(page);
    expect(demo.legacy.mock.leaks(JSON.stringify(contents))).toEqual([]);
    expect(contents).toMatchObject({
      address: `${demo.staticUrl}/`,
      localStorage: "{}",
      sessionStorage: "{}",
      databases: [],
      cookies: "",
    });
    expect((await readHeap(page)).includes(accessToken())).toBe(true);
  });

  it("cannot hide the token from the browser's own timing of the navigation, until the page is loaded anew", async () => {
    await signInAtStaticPage(page);
    const before = await readPageContents(page);
    expect(demo.legacy.mock.leaks(before.timings.join())).toHaveLength(1);
    await page.reload();
    await statusOf(page, "Nobody is signed in.");
    expect(demo.legacy.mock.leaks(JSON.stringify(await readPageContents(page)))).toEqual([]);
  });

  it("forgets the token at a reload and when it is told to", async () => {
    await signInAtStaticPage(page);
    await page.reload();
    await statusOf(page, "Nobody is signed in.");
    await signInAtStaticPage(page);
    await page.getByRole("button", { name: "Forget token" }).click();
    await statusOf(page, "Nobody is signed in.");
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("finds no token again by the back button", async () => {
    await signInAtStaticPage(page);
    await page.reload();
    await page.goBack();
    await page.getByRole("button", { name: "Grant access" }).waitFor();
    await page.goForward();
    await statusOf(page, "Nobody is signed in.");
    expect(demo.legacy.mock.leaks(JSON.stringify(await readPageContents(page)))).toEqual([]);
  });

  it.each([
    ["of somebody else", "&state=of-somebody-else-of-somebody-else-of-somebody"],
    ["missing", ""],
    ["there twice", "&state=one-of-two-one-of-two-one-of-two&state=two-of-two-two-of-two"],
  ])(
    "refuses a token whose state is %s, and takes it out of the address all the same",
    async (_name, state) => {
      const { tokens } = demo.legacy.mock.issueGrant();
      await page.goto(`${demo.staticUrl}/?a=1#access_token=${tokens.accessToken}&token_type=bearer${state}`);
      await page.reload();
      await page.goto(`${demo.staticUrl}/#access_token=${tokens.accessToken}&token_type=bearer${state}`);
      await statusOf(page, "You are not signed in.");
      const { address, history } = await readPageContents(page);
      expect(address).toBe(`${demo.staticUrl}/`);
      expect(demo.legacy.mock.leaks(history.join())).toEqual([]);
      expect(demo.legacy.mock.requests.api()).toEqual([]);
    },
  );

  it("uses an answer once: the same address again brings nobody in", async () => {
    const seen = callbacks();
    await signInAtStaticPage(page);
    await page.goto("about:blank");
    await page.goto(seen[0] ?? "");
    await page.getByText("Code: state_mismatch").waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("says what a refusal of the person means, and offers another try", async () => {
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You did not allow this page to read your account.").waitFor();
    expect(page.url()).toBe(`${demo.staticUrl}/`);
    await signInAtStaticPage(page);
  });

  it("explains itself when Bitbucket, as it is today, answers with an error page and the person comes back", async () => {
    await page.getByRole("button", { name: "Try Bitbucket as it is today" }).click();
    await page.getByRole("heading", { name: "The app's callback URL is invalid" }).waitFor();
    await page.goBack();
    await page
      .getByText("it does not speak the implicit grant. Sign people in on a backend instead.")
      .waitFor();
    expect(demo.today.mock.grants).toEqual([]);
    await signInAtStaticPage(page);
  });

  it.each(["#", "?"])("explains itself when a server sends a refusal back behind a %s", async (mark) => {
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
      .getByText("That server gives no tokens to pages. Sign people in on a backend instead.")
      .waitFor();
    await page.getByText("Code: authorization_denied").waitFor();
    expect(page.url()).toBe(`${demo.staticUrl}/`);
    await signInAtStaticPage(page);
  });

  it("keeps two tabs apart: each ends the sign-in that it began, in any order", async () => {
    const other = await context.newPage();
    await other.goto(demo.staticUrl);
    for (const tab of [page, other]) await tab.getByRole("button", { name: "Sign in", exact: true }).click();
    for (const tab of [other, page]) {
      await tab.getByRole("button", { name: "Grant access" }).click();
      await statusOf(tab, "Signed in as Alice Example.");
    }
    expect(demo.legacy.mock.grants).toHaveLength(2);
  });

  it("uses an answer in the tab that asked for it and in no other", async () => {
    let answer = "";
    await page.route(`${demo.legacy.urls.authorize}?*`, async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      answer = response.headers()["location"] ?? "";
      await route.fulfill(answer === "" ? { response } : { body: "stopped" });
    });
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("stopped").waitFor();

    const other = await context.newPage();
    await other.goto(answer);
    await other.getByText("Code: state_mismatch").waitFor();
    expect(await other.getByText("Alice").count()).toBe(0);
    await page.goto(answer);
    await statusOf(page, "Signed in as Alice Example.");
  });

  it("asks for a new sign-in when the server no longer takes the token", async () => {
    const { mock } = demo.legacy;
    await signInAtStaticPage(page);
    mock.grant(mock.grants.at(-1)?.id ?? "").revoke();
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByText("The token has expired, or the server no longer takes it. Sign in again.").waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
    await signInAtStaticPage(page);
  });

  it("says when there is no answer, and asks again when it is told to", async () => {
    await signInAtStaticPage(page);
    await page.route(`${demo.legacy.url}/2.0/**`, (route) => route.abort());
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByRole("heading", { name: "That did not work" }).waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Ask again" }).click();
    await statusOf(page, "Signed in as Alice Example.");
    expect(await page.getByRole("heading", { name: "That did not work" }).count()).toBe(0);
  });
});
