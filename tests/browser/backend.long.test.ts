import { expect, it } from "vitest";
import { describeBackendPage } from "./backend-page.ts";
import { signInAtBackend, statusOf } from "./signed-in-pages.ts";

describeBackendPage((opened) => {
  it("explains a refusal of the user, and offers another try", async () => {
    const { demo, context, page } = opened();
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
    const { demo, page } = opened();
    await page.goto(`${demo.backendUrl}/workspaces/acme?page=3`);
    await signInAtBackend(page);
    await statusOf(page, "Repositories of acme, page 3 of 3.");
    await page.reload();
    await statusOf(page, "Repositories of acme, page 3 of 3.");
    expect(demo.today.mock.grants).toHaveLength(1);
  });

  it("goes back and forth by the browser's buttons, without a new sign-in", async () => {
    const { demo, page } = opened();
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

  it("serves two tabs with one sign-in, and both know when one of them signs out", async () => {
    const { demo, context, page } = opened();
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
    const { demo, context, page } = opened();
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

  it("says when there is no answer, and tries again at the press of the button", async () => {
    const { demo, page } = opened();
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

  it("refuses an answer whose state is not the one it sent", async () => {
    const { demo, page } = opened();
    await page.goto(`${demo.backendUrl}/auth/bitbucket`);
    await page.locator("form").evaluate((form: HTMLFormElement) => {
      const url = new URL(form.action);
      url.searchParams.set("state", "of-another-sign-in".padEnd(43, "x"));
      form.action = url.href;
    });
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("Code: state_mismatch").waitFor();
    expect(demo.today.mock.requests.token()).toEqual([]);
    await page.goto(demo.backendUrl);
    await statusOf(page, "You are not signed in.");
  });

  it("goes on when the token expires, and asks for a sign-in when the grant was revoked", async () => {
    const { demo, page } = opened();
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

  it("gives pages of other origins nothing: no answer of the proxy, no sign-out", async () => {
    const { demo, context, page } = opened();
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

  it("sends no request again when a user skips to the content", async () => {
    const { demo, page } = opened();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    const asked = demo.today.mock.requests.api().length;
    await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.getByRole("link", { name: "acme" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    expect(demo.today.mock.requests.api()).toHaveLength(asked + 1);
  });
});
