import type { RunningDemo } from "@bitbucket-auth/browser-app";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import { readHeap, readPageContents } from "./page-contents.ts";
import { signInAtBackend, statusOf } from "./people.ts";
import { startTestDemo } from "./running-demo.ts";

let browser: Browser;
let demo: RunningDemo;
let context: BrowserContext;
let complaints: string[];
let page: Page;

describe.runIf(hasChromium)("a single-page app on the backend, in Chromium", () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    demo = await startTestDemo();
    ({ context, complaints } = await openContext(browser));
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await demo.close();
  });

  /** The access and refresh token of the newest grant. */
  function tokens(): readonly string[] {
    const { mock } = demo.today;
    const { accessToken, refreshToken = "" } = mock.grant(mock.grants.at(-1)?.id ?? "").tokens;
    return [accessToken, refreshToken];
  }

  it("signs in, shows who it is, and leafs through repositories", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await page.getByRole("heading", { name: "Alice Example" }).waitFor();
    expect(page.url()).toBe(`${demo.backendUrl}/`);
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("link", { name: "Next" }).click();
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    expect(await page.getByRole("listitem").count()).toBe(12);
    expect(page.url()).toBe(`${demo.backendUrl}/workspaces/acme?page=2`);
    // The stranger's one question before the sign-in; nothing that the policy of the page had to block.
    expect(complaints).toEqual([expect.stringContaining("401 (Unauthorized)")]);
    expect(demo.today.mock.violations).toEqual([]);
  });

  it("holds no token: address, history, timings, markup, storages, cookies and heap are free of it", async () => {
    const passedBy: string[] = [];
    const bodies: Promise<string>[] = [];
    page.on("response", (response) => {
      passedBy.push(response.url(), JSON.stringify(response.headers()));
    });
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    page.on("response", (response) => void (response.ok() && bodies.push(response.text())));
    await page.reload();
    await statusOf(page, "Signed in as Alice Example.");
    await page.getByRole("link", { name: "acme" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    passedBy.push(...(await Promise.all(bodies)));

    const contents = await readPageContents(page);
    expect(demo.today.mock.leaks(JSON.stringify(contents))).toEqual([]);
    expect(contents).toMatchObject({ localStorage: "{}", sessionStorage: "{}", databases: [], cookies: "" });
    expect(await context.cookies()).toMatchObject([{ name: "bb_session", httpOnly: true, sameSite: "Lax" }]);
    const heap = await readHeap(page);
    const found = (text: string): boolean[] => [heap.includes(text), passedBy.join().includes(text)];
    expect(found("/api/bitbucket")).toEqual([true, true]);
    expect(passedBy.join().includes("alice")).toBe(true);
    for (const token of tokens()) {
      expect(token.length).toBeGreaterThan(2_000);
      expect(found(token.slice(0, 40))).toEqual([false, false]);
    }
  });

  it("refuses an answer whose state is not the one it sent", async () => {
    await page.goto(`${demo.backendUrl}/auth/bitbucket`);
    await page.locator("form").evaluate((form: HTMLFormElement) => {
      const url = new URL(form.action);
      url.searchParams.set("state", "of-somebody-else".padEnd(43, "x"));
      form.action = url.href;
    });
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("Code: state_mismatch").waitFor();
    expect(demo.today.mock.requests.token()).toEqual([]);
    await page.goto(demo.backendUrl);
    await statusOf(page, "You are not signed in.");
  });

  it("says what a refusal of the person means, and offers another try", async () => {
    await page.goto(demo.backendUrl);
    await page.getByRole("button", { name: "Sign in with Bitbucket" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("heading", { name: "You were not signed in" }).waitFor();
    expect(await context.cookies()).toEqual([]);
    await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
    await page.getByRole("button", { name: "Grant access" }).click();
    await statusOf(page, "Signed in as Alice Example.");
  });

  it("comes back to the page that asked for the sign-in, and is still there after a reload", async () => {
    await page.goto(`${demo.backendUrl}/workspaces/acme?page=3`);
    await signInAtBackend(page);
    await statusOf(page, "Repositories of acme, page 3 of 3.");
    await page.reload();
    await statusOf(page, "Repositories of acme, page 3 of 3.");
    expect(demo.today.mock.grants).toHaveLength(1);
  });

  it("goes back and forth by the browser's buttons, without a new sign-in", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("link", { name: "Next" }).click();
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    await page.goBack();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    await page.goBack();
    await statusOf(page, "Signed in as Alice Example.");
    await page.goForward();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    expect(demo.today.mock.grants).toHaveLength(1);
  });

  it("shows nothing of the person after sign-out, also by the back button", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("link", { name: "Next" }).click();
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    await page.getByRole("button", { name: "Sign out" }).click();
    await statusOf(page, "You are signed out.");
    expect(page.url()).toBe(`${demo.backendUrl}/`);
    await page.goBack();
    await statusOf(page, "You are not signed in.");
    expect(page.url()).toBe(`${demo.backendUrl}/workspaces/acme`);
    expect(await page.getByRole("listitem").count()).toBe(0);
    expect(await context.cookies()).toEqual([]);
  });

  it("serves two tabs with one sign-in, and both know when one of them signs out", async () => {
    const other = await context.newPage();
    await other.goto(`${demo.backendUrl}/workspaces/lighthouse`);
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await other.reload();
    await statusOf(other, "Repositories of lighthouse, page 1 of 1.");
    expect(demo.today.mock.grants).toHaveLength(1);
    await page.getByRole("button", { name: "Sign out" }).click();
    await statusOf(other, "You signed out in another tab.");
    expect(await other.getByText("Lamp").count()).toBe(0);
  });

  it("lets two tabs sign in at the same time, each to where it was", async () => {
    const other = await context.newPage();
    await other.goto(`${demo.backendUrl}/workspaces/lighthouse`);
    await page.goto(`${demo.backendUrl}/workspaces/acme`);
    for (const tab of [page, other])
      await tab.getByRole("button", { name: "Sign in with Bitbucket" }).click();
    for (const tab of [page, other]) await tab.getByRole("button", { name: "Grant access" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    await statusOf(other, "Repositories of lighthouse, page 1 of 1.");
    expect((await context.cookies()).map(({ name }) => name)).toEqual(["bb_session"]);
  });

  it("goes on when the token expires, and asks for a sign-in when the grant was revoked", async () => {
    const { mock } = demo.today;
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await mock.clock.advance("2h");
    await page.getByRole("link", { name: "acme" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
    mock.grant(mock.grants.at(-1)?.id ?? "").revoke();
    await mock.clock.advance("2h");
    await page.getByRole("link", { name: "Next" }).click();
    await page.getByRole("heading", { name: "Please sign in again" }).waitFor();
    await signInAtBackend(page);
    await statusOf(page, "Repositories of acme, page 2 of 3.");
  });

  it("says when there is no answer, and tries again when it is told to", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await page.route("**/api/bitbucket/**", (route) => route.abort(), { times: 1 });
    await page.getByRole("link", { name: "acme" }).click();
    await page.getByRole("heading", { name: "No answer from Bitbucket" }).waitFor();
    expect(await page.getByText("Code: api_request_failed").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Try again" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
  });

  it("gives pages of other origins nothing: no answer of the proxy, no sign-out", async () => {
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    const stranger = await context.newPage();
    await stranger.route("**/*", (route) => route.fulfill({ contentType: "text/html", body: "<p>Hello" }), {
      times: 1,
    });
    await stranger.goto(`${demo.staticUrl}/hello`);
    const outcomes = await stranger.evaluate(async (backendUrl) => {
      const tries = [
        fetch(`${backendUrl}/api/bitbucket/2.0/user`, { credentials: "include" }),
        fetch(`${backendUrl}/auth/bitbucket/logout`, { method: "POST", credentials: "include" }),
      ];
      return (await Promise.allSettled(tries)).map(({ status }) => status);
    }, demo.backendUrl);
    expect(outcomes).toEqual(["rejected", "rejected"]);
    await page.reload();
    await statusOf(page, "Signed in as Alice Example.");
  });
});
