import { expect, it } from "vitest";
import { describeKeptPage, leaveAndReturn } from "./kept-page.ts";
import { signInAtBackend, signInAtStaticPage, statusOf } from "./signed-in-pages.ts";

// The long suite has the rest.
describeKeptPage((opened) => {
  it("shows nothing of a user whose session has ended meanwhile", async () => {
    const { context, demo, page } = opened();
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    await leaveAndReturn(opened(), () => context.clearCookies());
    await page.getByRole("heading", { name: "Please sign in again" }).waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
  });

  it("still has its implicit token, and it is nowhere in the address", async () => {
    const { demo, page } = opened();
    await page.goto(demo.staticUrl);
    await signInAtStaticPage(page);
    await leaveAndReturn(opened());
    await statusOf(page, "Signed in as Alice Example.");
    expect(page.url()).toBe(`${demo.staticUrl}/`);
  });
});
