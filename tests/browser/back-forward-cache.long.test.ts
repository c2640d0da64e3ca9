import { expect, it } from "vitest";
import { describeKeptPage, leaveAndReturn } from "./kept-page.ts";
import { signInAtBackend, statusOf } from "./signed-in-pages.ts";

describeKeptPage((opened) => {
  it("still shows a user whose session lives", async () => {
    const { demo, page } = opened();
    await page.goto(`${demo.backendUrl}/workspaces/acme?page=2`);
    await signInAtBackend(page);
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    await leaveAndReturn(opened());
    await statusOf(page, "Repositories of acme, page 2 of 3.");
    expect(demo.today.mock.grants).toHaveLength(1);
  });

  it("explains what happened at a server that does not speak the implicit grant", async () => {
    const { demo, page } = opened();
    await page.goto(demo.staticUrl);
    await page.getByRole("button", { name: "Try Bitbucket as it is today" }).click();
    await page.getByRole("heading", { name: "The app's callback URL is invalid" }).waitFor();
    await page.goBack({ waitUntil: "commit" });
    await page.getByText("Code: no_answer").waitFor();
    expect(await page.getByRole("button", { name: "Sign in", exact: true }).isVisible()).toBe(true);
  });
});
