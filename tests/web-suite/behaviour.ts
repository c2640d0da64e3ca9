import { expect } from "vitest";
import type { AttackedApp } from "./attacks/attack.js";
import { type Browser, opensPage } from "./browser.js";
import { consent, type Sample, signIn, startSignIn, type SentRequest } from "./sample.js";

/** An app that an adapter was mounted in, with the pages below. */
export interface SuiteApp extends Sample {
  /** What the API was asked for. */
  readonly sent: readonly SentRequest[];
}

/** What a case needs of the app. */
export interface SuiteOptions extends AttackedApp {
  readonly cookies?: { readonly prefix: string };
}

/**
 * What every adapter does. The app it is mounted in has `GET /`, which answers `{ account }`, null for nobody; `GET` and `POST
 * /private`, guarded, which answer `{ account }`; and `GET /who`, guarded, which answers what `/2.0/user` says.
 */
export interface Behaviour {
  readonly title: string;
  readonly app?: SuiteOptions;
  run(app: SuiteApp): Promise<void>;
}

const script = { Accept: "application/json", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty" };
const own = { Origin: "http://app.example", Host: "app.example", Accept: "text/html" };
const logout = "/auth/bitbucket/logout";
const at = (callbackUrl: string): Pick<AttackedApp, "bitbucket"> => ({
  bitbucket: { consumers: [{ callbackUrl }] },
});

async function signedIn(app: SuiteApp): Promise<Browser> {
  const browser = app.browser();
  await signIn(app, browser);
  return browser;
}

const signingIn: readonly Behaviour[] = [
  {
    title: "signs in and goes back to the page that was wanted",
    async run(app) {
      const browser = app.browser();
      const guarded = await browser.get("/private?page=2&q=1");
      expect(guarded.status).toBe(302);
      expect(guarded.headers["cache-control"]).toBe("no-store");
      const back = await signIn(app, browser, { path: guarded.headers["location"] ?? "" });
      expect([back.status, back.headers["location"]]).toEqual([302, "/private?page=2&q=1"]);
      const page = await browser.get("/private?page=2");
      expect([page.body, page.headers["cache-control"]]).toEqual([{ account: app.alice }, "no-store"]);
      expect((await browser.get("/who")).body).toMatchObject({ display_name: "Alice Example" });
      expect((await browser.get("/")).body).toEqual({ account: app.alice });
    },
  },
  {
    title: "keeps tokens out of the browser, and the session cookie within 200 bytes",
    app: { baseUrl: "https://app.example", ...at("https://app.example/auth/bitbucket/callback") },
    async run(app) {
      const browser = app.browser();
      const back = await signIn(app, browser);
      const [line = ""] = back.setCookies.filter((cookie) => cookie.startsWith("__Host-bb_session="));
      expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(200);
      expect(app.mock.leaks(JSON.stringify([...browser.cookies]))).toEqual([]);
    },
  },
  {
    title: "keeps `returnTo` as an address bar would write it",
    async run(app) {
      for (const [returnTo, path] of [
        ["/caf%C3%A9", "/caf%C3%A9"],
        ["/a%20b", "/a%20b"],
        [`/search?q=${"x".repeat(1200)}`, `/search?q=${"x".repeat(1200)}`],
      ]) {
        const back = await signIn(app, app.browser(), { path: `/auth/bitbucket?returnTo=${returnTo}` });
        expect(back.headers["location"]).toBe(path);
      }
    },
  },
  {
    title: "answers denied consent with a page, and leaves nothing behind",
    async run(app) {
      const browser = app.browser();
      const { pathname, search } = app.mock.deny({ url: (await startSignIn(browser)).href });
      const denied = await browser.get(pathname + search);
      expect(denied.status).toBe(403);
      expect(denied.text).toContain("You were not signed in");
      expect(denied.headers["cache-control"]).toBe("no-store");
      expect(denied.headers["content-security-policy"]).toContain("default-src 'none'");
      expect(denied.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect([...browser.cookies]).toEqual([]);
    },
  },
  {
    title: "takes a callback once, and sends a browser home that is signed in already",
    async run(app) {
      const browser = app.browser();
      const callback = consent(app, await startSignIn(browser));
      await browser.get(callback);
      expect((await app.browser().get(callback)).status).toBe(400);
      const again = await browser.get(callback);
      expect([again.status, again.headers["location"]]).toEqual([302, "/"]);
      expect((await browser.get("/private")).status).toBe(200);
      expect(app.mock.requests.token("authorization_code")).toHaveLength(1);
    },
  },
  {
    title: "answers a callback that comes twice at once alike, with one code",
    async run(app) {
      const browser = app.browser();
      const callback = consent(app, await startSignIn(browser));
      const gate = app.mock.gates.hold("token", "before-commit");
      const answers = Promise.all([browser.get(callback), browser.get(callback)]);
      // The code of one is at Bitbucket. A request that is answered meanwhile shows that the other has arrived as well.
      await gate.arrived();
      await app.browser().get("/private");
      gate.release();
      const twice = await answers;
      expect(twice.map(({ status, headers }) => [status, headers["location"]])).toEqual([
        [302, "/"],
        [302, "/"],
      ]);
      expect(app.mock.requests.token("authorization_code")).toHaveLength(1);
    },
  },
  {
    title: "lets 20 tabs finish in any order",
    async run(app) {
      const browser = app.browser();
      const tabs: { page: string; url: URL }[] = [];
      for (let tab = 0; tab < 20; tab++) {
        const page = `/private?tab=${tab}`;
        const { headers } = await browser.get(page);
        tabs.push({ page, url: await startSignIn(browser, headers["location"] ?? "") });
      }
      const shuffled = tabs.toSorted((a, b) => a.url.href.localeCompare(b.url.href));
      const ends = await Promise.all(
        shuffled.map(async ({ url }) => (await browser.get(consent(app, url))).headers["location"]),
      );
      expect(ends).toEqual(shuffled.map(({ page }) => page));
      expect(browser.cookies.size).toBe(1);
      expect((await browser.get("/private")).status).toBe(200);
    },
  },
  {
    title: "answers 503 while Bitbucket is down, and the next attempt succeeds",
    async run(app) {
      const browser = app.browser();
      const callback = consent(app, await startSignIn(browser));
      app.mock.faults.next("token:authorization_code", { status: 503 });
      const down = await browser.get(callback);
      expect(down.status).toBe(503);
      expect(Number(down.headers["retry-after"])).toBeGreaterThan(0);
      expect((await signIn(app, browser)).status).toBe(302);
    },
  },
  {
    title: "keeps its cookies apart from another app's on this host by a prefix",
    app: { cookies: { prefix: "shop_" } },
    async run(app) {
      const browser = app.browser();
      await startSignIn(browser);
      expect([...browser.cookies.keys()].join()).toMatch(/^shop_txn_[\da-f]{12}$/);
      await signIn(app, browser);
      expect(browser.cookies.has("shop_session")).toBe(true);
    },
  },
];

const guarding: readonly Behaviour[] = [
  {
    title: "answers a program with 401 and a code",
    async run(app) {
      const { status, body, headers } = await app.browser().get("/private", script);
      expect([status, headers["location"]]).toEqual([401, undefined]);
      expect(body).toMatchObject({ code: "signed_out", action: "reauthorize", signIn: "/auth/bitbucket" });
    },
  },
  {
    title: "answers a form with a page that links to the sign-in",
    async run(app) {
      const { status, text, headers } = await app.browser().post("/private", own);
      expect([status, headers["location"]]).toEqual([401, undefined]);
      expect(text).toContain('href="/auth/bitbucket"');
    },
  },
  {
    title: "refreshes an expired token before the page is shown",
    async run(app) {
      const browser = await signedIn(app);
      await app.mock.clock.advance("121m");
      expect((await browser.get("/who")).status).toBe(200);
      expect(app.mock.requests.token("refresh_token")).toHaveLength(1);
    },
  },
  {
    title: "knows who is signed in on a page for everybody without waiting for a refresh",
    async run(app) {
      const browser = await signedIn(app);
      await app.mock.clock.advance("121m");
      expect((await browser.get("/")).body).toEqual({ account: app.alice });
      expect(app.mock.requests.token("refresh_token")).toEqual([]);
      expect((await browser.get("/private")).status).toBe(200);
      expect(app.mock.requests.token("refresh_token")).toHaveLength(1);
    },
  },
  {
    title: "asks a user whose grant was revoked to sign in again",
    async run(app) {
      const browser = await signedIn(app);
      app.mock.grant(app.mock.grants.at(-1)?.id ?? "").revoke();
      await app.mock.clock.advance("121m");
      const asked = await browser.get("/private");
      expect(asked.headers["location"]).toBe("/auth/bitbucket?returnTo=%2Fprivate");
      await signIn(app, browser);
      expect((await browser.get("/private")).status).toBe(200);
    },
  },
  {
    title:
      "answers 503 while Bitbucket is down and the token has run out; pages for everybody still know who it is",
    async run(app) {
      const browser = await signedIn(app);
      await browser.get("/private");
      await app.mock.clock.advance("121m");
      app.mock.faults.when("token", { status: 503 });
      const down = await browser.get("/private", script);
      expect(down.status).toBe(503);
      expect(down.body).toMatchObject({ code: "token_request_failed", transient: true });
      expect((await browser.get("/")).body).toEqual({ account: app.alice });
    },
  },
  {
    title: "shows a refusal of the API to a fresh token, and does not start over",
    async run(app) {
      const browser = await signedIn(app);
      app.mock.faults.when("api", { status: 401 });
      const refused = await browser.get("/who");
      expect([refused.status, refused.headers["location"]]).toEqual([403, undefined]);
      expect(refused.text).toContain("Signing in again will not help");
      expect(refused.text).toContain("Token is invalid, expired, or not supported for this endpoint.");
    },
  },
];

const signingOut: readonly Behaviour[] = [
  {
    title: "signs out by POST, in every browser and for good",
    async run(app) {
      const browser = await signedIn(app);
      const other = await signedIn(app);
      const thief = app.browser();
      for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
      expect((await browser.get(logout)).status).toBe(405);
      const out = await browser.post(`${logout}?returnTo=/bye`, own);
      expect([out.status, out.headers["location"]]).toEqual([303, "/bye"]);
      expect(out.headers["clear-site-data"]).toBe('"cache"');
      expect([...browser.cookies]).toEqual([]);
      await signIn(app, browser);
      expect((await browser.get("/private")).status).toBe(200);
      for (const old of [thief, other]) expect((await old.get("/private")).status).toBe(302);
      await thief.post(logout, own);
      expect((await browser.get("/private")).status).toBe(200);
    },
  },
  {
    title: "answers a script that signs out with 204",
    async run(app) {
      const out = await (await signedIn(app)).post(logout, { ...own, Accept: "application/json" });
      expect([out.status, out.text]).toEqual([204, ""]);
    },
  },
  {
    title: "signs out a user whose grant has ended already",
    async run(app) {
      const browser = await signedIn(app);
      app.mock.grant(app.mock.grants.at(-1)?.id ?? "").revoke();
      await app.mock.clock.advance("121m");
      expect((await browser.post(logout, own)).status).toBe(303);
      expect([...browser.cookies]).toEqual([]);
    },
  },
];

const proxying: readonly Behaviour[] = [
  {
    title: "forwards calls of the page to the API, and no header that is none of its business",
    app: { proxy: "/api/bitbucket" },
    async run(app) {
      const browser = await signedIn(app);
      const answer = await browser.get("/api/bitbucket/2.0/repositories/acme?pagelen=1", script);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ pagelen: 1, values: [{ slug: "website" }] });
      expect(answer.headers["cache-control"]).toBe("private, no-store");
      expect(answer.headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
      expect(answer.headers).not.toHaveProperty("set-cookie");
      expect(app.sent.at(-1)?.headers.has("cookie")).toBe(false);
    },
  },
  {
    title: "forwards bodies, small and large, and cuts off what is too large",
    app: { proxy: "/api/bitbucket" },
    async run(app) {
      const browser = await signedIn(app);
      const page = { ...script, Origin: "http://app.example", Host: "app.example" };
      const path = "/api/bitbucket/2.0/repositories/acme/website";
      for (const body of ['{"scm":"git"}', "x".repeat(300_000)]) {
        await browser.post(path, page, body);
        const sent = app.sent.at(-1);
        expect([sent?.method, await sent?.text()]).toEqual(["POST", body]);
      }
      const large = await browser.post(path, { ...page, "Content-Length": String(10 * 1024 * 1024 + 1) });
      expect([large.status, large.body.code]).toEqual([413, "proxy_refused"]);
    },
  },
  {
    title: "answers for the proxy in JSON, and leaves other paths to the app",
    app: { proxy: "/api/bitbucket" },
    async run(app) {
      const browser = app.browser();
      const nobody = await browser.get("/api/bitbucket/2.0/user", opensPage);
      expect([nobody.status, nobody.body.code]).toEqual([401, "signed_out"]);
      expect((await browser.get("/api/bitbucketeer", script)).status).toBe(404);
    },
  },
];

/** Every case, by theme. */
export const behaviours: readonly Behaviour[] = [...signingIn, ...guarding, ...signingOut, ...proxying];
