import { describe, expect, it } from "vitest";
import { sampleApp, signIn } from "./sample-app.js";

describe("the session cookie", () => {
  it("goes on after the secret was replaced, as long as the old one is listed", async () => {
    const before = sampleApp({ cookieSecret: "the old secret of this app" });
    const browser = before.browser();
    await signIn(before, browser);
    const visit = async (cookieSecret: string[]): Promise<number> => {
      const after = sampleApp({ cookieSecret, auth: before.auth }).browser();
      for (const [name, value] of browser.cookies) after.cookies.set(name, value);
      return (await after.get("/private")).status;
    };
    expect(await visit(["the new secret of this app", "the old secret of this app"])).toBe(200);
    expect(await visit(["the new secret of this app"])).toBe(302);
  });

  it("is another one after each sign-in", async () => {
    const sample = sampleApp();
    const browser = sample.browser();
    await signIn(sample, browser);
    const first = browser.cookies.get("bb_session");
    await signIn(sample, browser);
    expect(browser.cookies.get("bb_session")).not.toBe(first);
  });

  it("that was damaged means that no user is signed in", async () => {
    const sample = sampleApp();
    const browser = sample.browser();
    await signIn(sample, browser);
    const value = browser.cookies.get("bb_session") ?? "";
    for (const damaged of [
      value.slice(0, -2),
      `${value.slice(0, 50)}${value[50] === "A" ? "B" : "A"}${value.slice(51)}`,
      "x",
      `${value}${"x".repeat(5000)}`,
    ]) {
      browser.cookies.set("bb_session", damaged);
      expect((await browser.get("/")).body).toEqual({ account: null });
    }
  });
});
