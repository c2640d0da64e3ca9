import { describe, expect, it } from "vitest";
import { consent, sampleApp, startSignIn } from "./sample-app.js";
import { setCookies } from "./browser.js";

describe("transaction cookies", () => {
  it("are one per attempt, named by its state, for ten minutes and for nobody else", async () => {
    const browser = sampleApp().browser();
    const line = setCookies(await browser.get("/auth/bitbucket")).join();
    expect(line).toMatch(/^bb_txn_[\da-f]{12}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    await startSignIn(browser);
    expect(browser.cookies.size).toBe(2);
  });

  it("are kept to https and to this host behind a proxy that is trusted, and only then", async () => {
    const headers = { "X-Forwarded-Proto": "https" };
    const trusting = sampleApp({ prepare: (app) => void app.set("trust proxy", 1) }).browser(headers);
    expect(setCookies(await trusting.get("/auth/bitbucket")).join()).toMatch(/^__Host-bb_txn_.*; Secure;/);
    const wary = sampleApp().browser(headers);
    expect(setCookies(await wary.get("/auth/bitbucket")).join()).toMatch(/^bb_txn_/);
  });

  it("go when the callback has come, however it ends; those of other tabs stay", async () => {
    const sample = sampleApp();
    const browser = sample.browser();
    await startSignIn(browser);
    const [other] = browser.cookies.keys();
    const callback = consent(sample, await startSignIn(browser));
    await browser.get(`${callback}&code=twice`);
    expect([...browser.cookies.keys()]).toEqual([other]);
  });

  it("never fill the headers: the oldest go first", async () => {
    const sample = sampleApp();
    const browser = sample.browser();
    const long = `/auth/bitbucket?returnTo=/${"a".repeat(900)}`;
    let last = await startSignIn(browser);
    for (let tab = 0; tab < 40; tab++) last = await startSignIn(browser, tab % 2 ? long : "/auth/bitbucket");
    const bytes = [...browser.cookies].join("; ").length;
    expect(bytes).toBeLessThan(11_000);
    expect(browser.cookies.size).toBeGreaterThan(5);
    expect((await browser.get(consent(sample, last))).status).toBe(302);
  });

  it("are bounded in number as well", async () => {
    const browser = sampleApp().browser();
    for (let tab = 0; tab < 40; tab++) await startSignIn(browser);
    expect(browser.cookies.size).toBeLessThanOrEqual(32);
    expect(browser.cookies.size).toBeGreaterThanOrEqual(20);
  });
});
