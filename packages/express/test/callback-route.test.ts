import { describe, expect, it } from "vitest";
import { expresses, consent, sampleApp, signIn, startSignIn } from "./sample-app.js";
import { setCookies } from "@bitbucket-auth/web-suite/browser.js";

describe.each(expresses)("the callback route on %s", (_name, express) => {
  it("signs the person in and goes back to where they came from", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const guarded = await browser.get("/private?page=2");
    const back = await signIn(sample, browser, { path: guarded.headers["location"] ?? "" });

    expect(back.status).toBe(302);
    expect(back.headers["location"]).toBe("/private?page=2");
    expect((await browser.get("/private?page=2")).body).toEqual({ account: sample.alice });
    expect((await browser.get("/who")).body).toMatchObject({ display_name: "Alice Example" });
    expect(sample.mock.violations).toEqual([]);
  });

  it("keeps the tokens out of the browser, and the session cookie below 200 bytes", async () => {
    const sample = sampleApp({
      express,
      baseUrl: "https://app.example",
      bitbucket: callbackAt("https://app.example"),
    });
    const browser = sample.browser();
    const back = await signIn(sample, browser);

    const [line = ""] = setCookies(back).filter((cookie) => cookie.startsWith("__Host-bb_session="));
    expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(200);
    expect(await sample.auth.getAccessToken(sample.alice)).toHaveLength(2600);
    expect(sample.mock.leaks(JSON.stringify([...browser.cookies]))).toEqual([]);
  });

  it("answers denied consent with a page that says so, and keeps nothing", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const { pathname, search } = sample.mock.deny({ url: (await startSignIn(browser)).href });
    const denied = await browser.get(pathname + search);

    expect(denied.status).toBe(403);
    expect(denied.text).toContain("You were not signed in");
    expect(denied.headers["cache-control"]).toBe("no-store");
    expect(await Array.fromAsync(sample.storage.list?.("") ?? [])).toEqual([]);
    expect([...browser.cookies]).toEqual([]);
    expect(sample.mock.requests.token()).toHaveLength(0);
  });

  it("takes an attempt once", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    await browser.get(callback);
    const again = await sample.browser().get(callback);

    expect(again.status).toBe(400);
    expect(again.text).toContain("This sign-in cannot be finished");
    expect(sample.mock.requests.token("authorization_code")).toHaveLength(1);
  });

  it("sends a browser home that comes back to it signed in, as by the back button", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    await browser.get(callback);
    const again = await browser.get(callback);

    expect([again.status, again.headers["location"]]).toEqual([302, "/"]);
    expect((await browser.get("/private")).status).toBe(200);
    expect(sample.mock.requests.token("authorization_code")).toHaveLength(1);
  });

  it("answers a browser that asks twice at once alike, with one code and one call of onSignIn", async () => {
    const seen: string[] = [];
    const sample = sampleApp({ express, onSignIn: (user) => void seen.push(user.uuid) });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser, "/auth/bitbucket?returnTo=/private"));
    const gate = sample.mock.gates.hold("token", "before-commit");
    const answers = Promise.all([browser.get(callback), browser.get(callback)]);
    // The code of one is at Bitbucket. A request that is answered meanwhile shows that the other has arrived as well.
    await gate.arrived();
    await sample.browser().get("/private");
    gate.release();
    const twice = await answers;

    expect(twice.map(({ status, headers }) => [status, headers["location"]])).toEqual([
      [302, "/private"],
      [302, "/private"],
    ]);
    expect(seen).toEqual([sample.alice]);
    expect(sample.mock.requests.token("authorization_code")).toHaveLength(1);
    expect((await browser.get("/private")).status).toBe(200);
  });

  it("takes no attempt after ten minutes", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    await sample.mock.clock.advance("11m");

    expect((await browser.get(callback)).status).toBe(400);
    expect(sample.mock.requests.token()).toHaveLength(0);
  });

  it("answers 503 while Bitbucket is down, and the next attempt succeeds", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    sample.mock.faults.next("token:authorization_code", { status: 503 });
    const down = await browser.get(callback);

    expect(down.status).toBe(503);
    expect(down.text).toContain("Bitbucket is not answering");
    expect(await Array.fromAsync(sample.storage.list?.("") ?? [])).toEqual([]);
    expect((await signIn(sample, browser)).status).toBe(302);
  });

  it("answers 503 while the storage is down, and signs nobody in", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    Object.assign(sample.storage, { compareAndSwap: () => Promise.reject(new Error("disk secret.txt")) });
    const down = await browser.get(callback);

    expect(down.status).toBe(503);
    expect(down.text).not.toContain("secret.txt");
    expect([...browser.cookies]).toEqual([]);
  });

  it("lets 20 tabs finish in any order", async () => {
    const sample = sampleApp({ express });
    const browser = sample.browser();
    const pages = Array.from({ length: 20 }, (_, tab) => `/private?tab=${tab}`);
    const tabs = [];
    for (const page of pages) {
      const guarded = await browser.get(page);
      tabs.push({ page, url: await startSignIn(browser, guarded.headers["location"] ?? "") });
    }
    const shuffled = tabs.toSorted((a, b) => a.url.href.localeCompare(b.url.href));
    const ends = await Promise.all(
      shuffled.map(async ({ page, url }) => ({
        page,
        end: (await browser.get(consent(sample, url))).headers["location"],
      })),
    );

    expect(ends.map(({ end }) => end)).toEqual(ends.map(({ page }) => page));
    expect((await browser.get("/private")).status).toBe(200);
    expect(browser.cookies.size).toBe(1);
  });
});

describe("onSignIn", () => {
  it("gets the user with their addresses before the browser is let in", async () => {
    const seen: unknown[] = [];
    const sample = sampleApp({ onSignIn: (user, { account }) => void seen.push([account, user]) });
    await signIn(sample, sample.browser());

    const user = {
      displayName: "Alice Example",
      uuid: sample.alice,
      emails: [{ email: "alice@example.com", isPrimary: true }],
    };
    expect(seen).toMatchObject([[sample.alice, user]]);
  });

  it("gets the addresses with the scope account alone, which implies them", async () => {
    const seen: object[] = [];
    const sample = sampleApp({
      onSignIn: (user) => void seen.push(user),
      bitbucket: { consumers: [{ scopes: ["account", "repository"] }] },
    });
    await signIn(sample, sample.browser());

    expect(seen).toMatchObject([{ emails: [{ email: "alice@example.com" }] }]);
  });

  it("refuses the sign-in by rejecting, and the grant is forgotten", async () => {
    const sample = sampleApp({
      onSignIn: () => Promise.reject(new Error("not on the list")),
      prepare: (app) => void app.set("env", "test"),
    });
    const browser = sample.browser();
    const refused = await signIn(sample, browser);

    expect(refused.status).toBe(500);
    expect([...browser.cookies]).toEqual([]);
    await expect(sample.auth.getAccessToken(sample.alice)).rejects.toMatchObject({ code: "signed_out" });
  });
});

function callbackAt(origin: string) {
  return { consumers: [{ callbackUrl: `${origin}/auth/bitbucket/callback` }] };
}
