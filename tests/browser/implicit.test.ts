import { expect, it } from "vitest";
import { readHeap, readPageContents } from "./page-contents.ts";
import { signInAtStaticPage } from "./signed-in-pages.ts";
import { callbacks, describeStaticPage, refusesState, wrongStates } from "./static-page.ts";

// The long suite has the rest.
describeStaticPage((opened) => {
  it("signs in and reads the API of another origin, under a policy that allows that one alone", async () => {
    const { demo, complaints, page } = opened();
    await signInAtStaticPage(page);
    expect(await page.getByRole("list", { name: "Your workspaces" }).innerText()).toBe("acme\nlighthouse");
    expect(complaints).toEqual([]);
    const elsewhere = page.evaluate((url) => fetch(url), demo.today.url);
    await expect(elsewhere).rejects.toThrow("Failed to fetch");
    expect(complaints.join()).toContain("Content Security Policy");
  });

  it("takes the token out of address and history, and keeps it in memory alone", async () => {
    const { demo, page } = opened();
    const seen = callbacks(page);
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
    expect(
      (await readHeap(page)).includes(
        demo.legacy.mock.grant(demo.legacy.mock.grants.at(-1)?.id ?? "").tokens.accessToken,
      ),
    ).toBe(true);
  });

  refusesState(opened, wrongStates[0]);

  it("asks for a new sign-in when the server no longer takes the token", async () => {
    const { demo, page } = opened();
    const { mock } = demo.legacy;
    await signInAtStaticPage(page);
    mock.grant(mock.grants.at(-1)?.id ?? "").revoke();
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByText("The token has expired, or the server no longer takes it. Sign in again.").waitFor();
    expect(await page.getByText("Alice").count()).toBe(0);
    await signInAtStaticPage(page);
  });
});
