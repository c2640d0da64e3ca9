import { expect, it } from "vitest";
import { readPageContents } from "./page-contents.ts";
import { signInAtStaticPage, statusOf } from "./signed-in-pages.ts";
import { callbacks, describeStaticPage, explainsRefusal, refusesState, wrongStates } from "./static-page.ts";

describeStaticPage((opened) => {
  it("cannot hide the token from the browser's own timing of the navigation, until the page is loaded anew", async () => {
    const { demo, page } = opened();
    await signInAtStaticPage(page);
    const before = await readPageContents(page);
    expect(demo.legacy.mock.leaks(before.timings.join())).toHaveLength(1);
    await page.reload();
    await statusOf(page, "You are not signed in.");
    expect(demo.legacy.mock.leaks(JSON.stringify(await readPageContents(page)))).toEqual([]);
  });

  it("forgets the token at a reload, and at the press of its button", async () => {
    const { page } = opened();
    await signInAtStaticPage(page);
    await page.reload();
    await statusOf(page, "You are not signed in.");
    await signInAtStaticPage(page);
    await page.getByRole("button", { name: "Forget token" }).click();
    await statusOf(page, "You are not signed in.");
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("finds no token again by the back button", async () => {
    const { demo, page } = opened();
    await signInAtStaticPage(page);
    await page.reload();
    await page.goBack();
    await page.getByRole("button", { name: "Grant access" }).waitFor();
    await page.goForward();
    await statusOf(page, "You are not signed in.");
    expect(demo.legacy.mock.leaks(JSON.stringify(await readPageContents(page)))).toEqual([]);
  });

  it("explains itself when Bitbucket answers with an error page and the user comes back", async () => {
    const { demo, page } = opened();
    await page.getByRole("button", { name: "Try Bitbucket as it is today" }).click();
    await page.getByRole("heading", { name: "The app's callback URL is invalid" }).waitFor();
    await page.goBack();
    await page
      .getByText("it does not speak the implicit grant. Use a sign-in on a backend instead.")
      .waitFor();
    expect(demo.today.mock.grants).toEqual([]);
    await signInAtStaticPage(page);
  });

  it("uses an answer in the tab that asked for it and in no other", async () => {
    const { demo, context, page } = opened();
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

  it("says when there is no answer, and asks again at the press of the button", async () => {
    const { demo, page } = opened();
    await signInAtStaticPage(page);
    await page.route(`${demo.legacy.url}/2.0/**`, (route) => route.abort());
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByRole("heading", { name: "That did not work" }).waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Ask again" }).click();
    await statusOf(page, "Signed in as Alice Example.");
    expect(await page.getByRole("heading", { name: "That did not work" }).count()).toBe(0);
  });

  for (const state of wrongStates.slice(1)) refusesState(opened, state);

  for (const mark of ["#", "?"] as const) explainsRefusal(opened, mark);

  it("uses a callback once: the same address again is no sign-in", async () => {
    const { page } = opened();
    const seen = callbacks(page);
    await signInAtStaticPage(page);
    await page.goto("about:blank");
    await page.goto(seen[0] ?? "");
    await page.getByText("Code: state_mismatch").waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("explains a refusal of the user, and offers another try", async () => {
    const { demo, page } = opened();
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You did not allow this page to read your account.").waitFor();
    expect(page.url()).toBe(`${demo.staticUrl}/`);
    await signInAtStaticPage(page);
  });

  it("keeps two tabs apart: each ends the sign-in that it began, in any order", async () => {
    const { demo, context, page } = opened();
    const other = await context.newPage();
    await other.goto(demo.staticUrl);
    for (const tab of [page, other]) await tab.getByRole("button", { name: "Sign in", exact: true }).click();
    for (const tab of [other, page]) {
      await tab.getByRole("button", { name: "Grant access" }).click();
      await statusOf(tab, "Signed in as Alice Example.");
    }
    expect(demo.legacy.mock.grants).toHaveLength(2);
  });
});
