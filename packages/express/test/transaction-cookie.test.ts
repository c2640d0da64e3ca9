import { describe, expect, it } from "vitest";
import { consent, sampleApp, startSignIn } from "./sample-app.js";
import { setCookies } from "@bitbucket-auth/web-suite/browser.js";

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
    expect(bytes).toBeLessThan(8_050);
    expect(browser.cookies.size).toBeGreaterThan(5);
    expect((await browser.get(consent(sample, last))).status).toBe(302);
  });

  it("of 20 tabs fit into the 8 kB that a server may take for one header line", async () => {
    const baseUrl = "https://app.example.com";
    const browser = sampleApp({
      baseUrl,
      bitbucket: { consumers: [{ callbackUrl: `${baseUrl}/auth/bitbucket/callback` }] },
    }).browser();
    const path = `/auth/bitbucket?returnTo=${encodeURIComponent("/workspaces/acme?page=2&tab=20")}`;
    for (let tab = 0; tab < 20; tab++) await startSignIn(browser, path);
    expect(browser.cookies.size).toBe(20);
    const line = `Cookie: ${[...browser.cookies].map((pair) => pair.join("=")).join("; ")}\r\n`;
    expect(line.length).toBeLessThan(8_192);
  });

  it("give way to the cookies that the app has of its own", async () => {
    const browser = sampleApp().browser();
    browser.cookies.set("theirs", "x".repeat(7_000));
    for (let tab = 0; tab < 8; tab++) await startSignIn(browser);
    expect([...browser.cookies].map((pair) => pair.join("=")).join("; ").length).toBeLessThan(8_050);
    expect(browser.cookies.size).toBeGreaterThan(2);
  });

  it("of a name that nobody could set are left alone", async () => {
    const browser = sampleApp().browser();
    for (let planted = 0; planted < 8; planted++)
      browser.cookies.set(`bb_txn_\u00e9${planted}`, "x".repeat(1_000));
    expect((await browser.get("/auth/bitbucket")).status).toBe(302);
  });
});
