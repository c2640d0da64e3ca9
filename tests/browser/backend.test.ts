import type { RunningDemo } from "@bitbucket-auth/browser-app";
import { expect, it } from "vitest";
import { describeBackendPage } from "./backend-page.ts";
import { readHeap, readPageContents } from "./page-contents.ts";
import { signInAtBackend, statusOf } from "./signed-in-pages.ts";

/** The access and refresh token of the newest grant. */
function tokens(demo: RunningDemo): readonly string[] {
  const { mock } = demo.today;
  const { accessToken, refreshToken = "" } = mock.grant(mock.grants.at(-1)?.id ?? "").tokens;
  return [accessToken, refreshToken];
}

// The long suite has the rest.
describeBackendPage((opened) => {
  it("signs in, shows who it is, and leafs through repositories", async () => {
    const { demo, complaints, page } = opened();
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
    await expect.poll(() => complaints).toEqual([expect.stringContaining("401 (Unauthorized)")]);
    expect(demo.today.mock.violations).toEqual([]);
  });

  it("holds no token: address, history, timings, markup, storages, cookies and heap are free of it", async () => {
    const { demo, context, page } = opened();
    const passedBy: string[] = [];
    const bodies: string[] = [];
    page.on("response", (response) => {
      passedBy.push(response.url(), JSON.stringify(response.headers()));
    });
    await page.goto(demo.backendUrl);
    await signInAtBackend(page);
    await statusOf(page, "Signed in as Alice Example.");
    // Read on their way in: an event may tell of an answer when the page it was for is gone.
    await page.route("**/*", async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      bodies.push(await response.text());
      await route.fulfill({ response });
    });
    await page.reload();
    await statusOf(page, "Signed in as Alice Example.");
    await page.getByRole("link", { name: "acme" }).click();
    await statusOf(page, "Repositories of acme, page 1 of 3.");
    await page.unrouteAll({ behavior: "wait" });
    expect(bodies.length).toBeGreaterThan(3);
    passedBy.push(...bodies);

    const contents = await readPageContents(page);
    expect(demo.today.mock.leaks(JSON.stringify(contents))).toEqual([]);
    expect(contents).toMatchObject({ localStorage: "{}", sessionStorage: "{}", databases: [], cookies: "" });
    expect(await context.cookies()).toMatchObject([{ name: "bb_session", httpOnly: true, sameSite: "Lax" }]);
    const heap = await readHeap(page);
    const found = (text: string): boolean[] => [heap.includes(text), passedBy.join().includes(text)];
    expect(found("/api/bitbucket")).toEqual([true, true]);
    expect(passedBy.join().includes("alice")).toBe(true);
    for (const token of tokens(demo)) {
      expect(token.length).toBeGreaterThan(2_000);
      expect(found(token.slice(0, 40))).toEqual([false, false]);
    }
  });

  it("shows nothing of the user after sign-out, also by the back button", async () => {
    const { demo, context, page } = opened();
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
});
