import { describe, expect, it } from "vitest";
import { expresses, sampleApp, signIn } from "./sample-app.js";

const own = { Origin: "http://app.example", Host: "app.example", Accept: "text/html" };

describe.each(expresses)("the logout route on %s", (_name, express) => {
  it("forgets the grant and the browser's session, and goes home", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    const out = await browser.post("/auth/bitbucket/logout?returnTo=/bye", own);

    expect([out.status, out.headers["location"]]).toEqual([303, "/bye"]);
    expect([...browser.cookies]).toEqual([]);
    await expect(sample.auth.getAccessToken(sample.alice)).rejects.toMatchObject({ code: "signed_out" });
  });

  it("answers 204 to a script", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    const out = await browser.post("/auth/bitbucket/logout", { ...own, Accept: "application/json" });
    expect([out.status, out.text]).toEqual([204, ""]);
  });

  it("makes the old cookie worth nothing, also after the person has signed in again", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    const thief = sample.browser();
    const kept = [...browser.cookies];
    const replay = async (): Promise<number> => {
      for (const [name, value] of kept) thief.cookies.set(name, value);
      return (await thief.get("/private")).status;
    };
    expect(await replay()).toBe(200);
    await browser.post("/auth/bitbucket/logout", own);
    expect(await replay()).toBe(302);
    await signIn(sample, browser);
    expect((await browser.get("/private")).status).toBe(200);
    expect(await replay()).toBe(302);
  });

  it("ends the sessions of every other browser and process, within the minute a token is cached", async () => {
    const sample = sampleApp({ express });
    const elsewhere = sample.another();
    const other = elsewhere.browser();
    await signIn(sample, sample.browser());
    await signIn(elsewhere, other);
    const browser = sample.browser();
    await signIn(sample, browser);
    await browser.post("/auth/bitbucket/logout", own);
    await signIn(sample, browser);
    await sample.mock.clock.advance("61s");
    expect((await other.get("/private")).status).toBe(302);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("tells who cannot be signed out just now, and keeps the session to try again", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    Object.assign(sample.storage, { delete: () => Promise.reject(new Error("down")) });
    expect((await browser.post("/auth/bitbucket/logout", own)).status).toBe(503);
    expect(browser.cookies.size).toBe(1);
  });

  it("is a POST", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    const got = await browser.get("/auth/bitbucket/logout");
    expect([got.status, got.headers["allow"]]).toEqual([405, "POST"]);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("lets an old cookie sign nobody out", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    await signIn(sample, browser);
    const old = [...browser.cookies];
    await browser.post("/auth/bitbucket/logout", own);
    await signIn(sample, browser);
    const thief = sample.browser();
    for (const [name, value] of old) thief.cookies.set(name, value);
    await thief.post("/auth/bitbucket/logout", own);
    expect((await browser.get("/private")).status).toBe(200);
  });
});
