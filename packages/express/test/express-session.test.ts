import session from "express-session";
import { describe, expect, it } from "vitest";
import { expresses, sampleApp, signIn, startSignIn, type SampleApp } from "./sample-app.js";

const own = { Origin: "http://app.example", Host: "app.example", Accept: "text/html" };

function withSession(express: (typeof expresses)[number][1], store = new session.MemoryStore()): SampleApp {
  return sampleApp({
    express,
    prepare(app) {
      app.use(session({ secret: "another secret", resave: false, saveUninitialized: true, store }));
    },
  });
}

describe.each(expresses)("with express-session on %s", (_name, express) => {
  it("keeps the session there, under a new id", async () => {
    const sample = withSession(express);
    const browser = sample.browser();
    await startSignIn(browser);
    const before = browser.cookies.get("connect.sid");
    await signIn(sample, browser);
    expect(before).toBeDefined();
    expect(browser.cookies.get("connect.sid")).not.toBe(before);
    expect([...browser.cookies.keys()].filter((name) => name.startsWith("bb_session"))).toEqual([]);
    expect((await browser.get("/private")).body).toEqual({ account: sample.alice });
  });

  it("destroys it on sign-out, and the old id leads nowhere after another sign-in", async () => {
    const sample = withSession(express);
    const browser = sample.browser();
    await signIn(sample, browser);
    const old = browser.cookies.get("connect.sid") ?? "";
    await browser.post("/auth/bitbucket/logout", own);
    await signIn(sample, browser);
    const thief = sample.browser();
    thief.cookies.set("connect.sid", old);
    expect((await thief.get("/private")).status).toBe(302);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("leaves nothing in the store, neither of a sign-out nor of the id before a sign-in", async () => {
    const store = new session.MemoryStore();
    const kept = (): Promise<string[]> =>
      new Promise((resolve) => store.all((_error, sessions) => resolve(Object.keys(sessions ?? {}))));
    const sample = withSession(express, store);
    const browser = sample.browser();
    await browser.get("/");
    await signIn(sample, browser);
    expect(await kept()).toHaveLength(1);
    await browser.post("/auth/bitbucket/logout", own);
    expect(await kept()).toEqual([]);
  });

  it("is not used where a cookie is asked for, and asked for where it is missing", async () => {
    const cookie = sampleApp({ express, session: "cookie" });
    const browser = cookie.browser();
    await signIn(cookie, browser);
    expect([...browser.cookies.keys()]).toEqual(["bb_session"]);
    const missing = await sampleApp({ express, session: "express-session" }).browser().get("/private");
    expect(missing.status).toBe(500);
  });
});
