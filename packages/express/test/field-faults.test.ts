import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import session, { type CookieOptions } from "express-session";
import { describe, expect, it } from "vitest";
import { bitbucketAuth, requireBitbucket, type ProblemReport } from "../src/index.js";
import { consent, expresses, sampleApp, secret, signIn, startSignIn, type SampleApp } from "./sample-app.js";

type Line = [level: string, message: string, fields: object];

/** A logger that keeps what it is told. */
function listeningLogger() {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields = {}) =>
      void lines.push([level, message, fields]);
  return { lines, logger: { error: at("error"), warn: at("warn"), info: at("info") } };
}

describe.each(expresses)("with express-session on %s, a cookie that does not come back", (_name, express) => {
  function withCookie(cookie: CookieOptions, trust = false): SampleApp {
    return sampleApp({
      express,
      prepare(app) {
        if (trust) app.set("trust proxy", 1);
        app.use(session({ secret: "another secret", resave: false, saveUninitialized: false, cookie }));
      },
    });
  }

  it.each([["strict"], [true]] as const)("is an error at once when sameSite is %j", async (sameSite) => {
    const { logger, lines } = listeningLogger();
    const sample = sampleApp({
      express,
      logger,
      logging: true,
      prepare: (app) =>
        void app.use(
          session({ secret: "a secret", resave: false, saveUninitialized: false, cookie: { sameSite } }),
        ),
    });
    expect((await signIn(sample, sample.browser())).status).toBe(500);
    expect(lines).toEqual([
      [
        "error",
        expect.any(String),
        expect.objectContaining({ code: "invalid_options", account: sample.alice }),
      ],
    ]);
    expect(JSON.stringify(lines)).toContain('Set cookie.sameSite to \\"lax\\"');
  });

  it("is an error at once when it is kept to https, and the request came without", async () => {
    const sample = withCookie({ secure: true });
    expect((await signIn(sample, sample.browser())).status).toBe(500);
  });

  it("is an error after one round when only Express does not know of the https", async () => {
    const sample = withCookie({ secure: true });
    const browser = sample.browser({ "X-Forwarded-Proto": "https" });
    const guarded = await browser.get("/private");
    await signIn(sample, browser, { path: guarded.headers["location"] ?? "" });
    const again = await browser.get("/private");
    expect([again.status, again.headers["location"]]).toEqual([500, undefined]);
    expect(sample.mock.requests.token("authorization_code")).toHaveLength(1);
  });

  it("is none behind a proxy that is trusted", async () => {
    const sample = withCookie({ secure: true, sameSite: "lax" }, true);
    const browser = sample.browser({ "X-Forwarded-Proto": "https" });
    await signIn(sample, browser);
    expect((await browser.get("/private")).status).toBe(200);
    const own = { "Sec-Fetch-Site": "same-origin", Accept: "text/html" };
    await browser.post("/auth/bitbucket/logout", own);
    expect((await browser.get("/private")).status).toBe(302);
  });
});

const appsBelow = expresses.flatMap(([name, express]) =>
  ["/app", "/caf%C3%A9", "/my%20app"].map((path) => ({ path, name, express })),
);

describe.each(appsBelow)("an app below $path on $name", ({ path: base, express }) => {
  const baseUrl = `https://app.example${base}`;
  const there = encodeURIComponent(base);
  const bitbucket = { consumers: [{ callbackUrl: `${baseUrl}/auth/bitbucket/callback` }] };

  /** The app's router at this path, as it is reached with and without a proxy that takes the path off. */
  function belowPath(mount: string) {
    const sample = sampleApp({ express, bitbucket });
    const app = express();
    const router = express.Router();
    router.use(
      bitbucketAuth({
        auth: sample.auth,
        cookieSecret: secret,
        baseUrl,
        clock: sample.mock.clock,
        logging: false,
      }),
    );
    router.get("/private", requireBitbucket(), (req, res) => void res.json({ url: req.originalUrl }));
    app.use(mount, router);
    return { sample, browser: createBrowser(served(app)) };
  }

  it.each([
    ["the router is mounted there", base, (path: string) => path],
    ["a proxy takes the path off", "/", (path: string) => path.replace(base, "")],
  ])("goes to its own login, back, and home when %s", async (_how, mount, onTheWay) => {
    const { sample, browser } = belowPath(mount);
    const guarded = await browser.get(onTheWay(`${base}/private?a=b`));
    expect(guarded.headers["location"]).toBe(`${base}/auth/bitbucket?returnTo=${there}%2Fprivate%3Fa%3Db`);
    const consentUrl = await startSignIn(browser, onTheWay(guarded.headers["location"] ?? ""));
    expect(consentUrl.searchParams.get("redirect_uri")).toBe(`${baseUrl}/auth/bitbucket/callback`);
    const back = await browser.get(onTheWay(consent(sample, consentUrl)));
    expect(back.headers["location"]).toBe(`${base}/private?a=b`);
    expect((await browser.get(onTheWay(`${base}/private?a=b`))).status).toBe(200);

    const home = await browser.get(
      onTheWay(consent(sample, await startSignIn(browser, onTheWay(`${base}/auth/bitbucket`)))),
    );
    expect(home.headers["location"]).toBe(`${base}/`);
    const out = await browser.post(onTheWay(`${base}/auth/bitbucket/logout`), {
      Origin: "https://app.example",
      Accept: "text/html",
    });
    expect([out.status, out.headers["location"]]).toEqual([303, `${base}/`]);
    const refused = await browser.get(onTheWay(`${base}/auth/bitbucket/callback?state=x`));
    expect(refused.text).toContain(`href="${base}/auth/bitbucket"`);
  });
});

describe("two apps on one host", () => {
  it("keep their cookies apart by a prefix", async () => {
    const one = sampleApp({ cookies: { prefix: "one_" } });
    const other = sampleApp({ cookies: { prefix: "other_" } });
    const browser = one.browser();
    const elsewhere = other.browser();
    await signIn(one, browser);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    await signIn(other, elsewhere);
    for (const [name, value] of elsewhere.cookies) browser.cookies.set(name, value);
    expect([...browser.cookies.keys()].toSorted()).toEqual(["one_session", "other_session"]);
    expect((await browser.get("/private")).body).toEqual({ account: one.alice });
    expect((await elsewhere.get("/private")).body).toEqual({ account: other.alice });
  });
});

describe("what the owner hears", () => {
  it.each([
    [
      "a wrong client secret",
      { core: { clientSecret: "not the secret" } },
      "token_request_rejected",
      500,
      "error",
    ],
    ["a cookie secret that another process does not have", {}, "state_mismatch", 400, "warn"],
  ] as const)("is one line about %s, and one report", async (_what, options, code, status, level) => {
    const { logger, lines } = listeningLogger();
    const reports: ProblemReport[] = [];
    const given = { logger, logging: true, onProblem: (report: ProblemReport) => void reports.push(report) };
    const sample = sampleApp({ ...options, ...given });
    const browser = sample.browser();
    const callback = consent(sample, await startSignIn(browser));
    const other = sampleApp({
      auth: sample.auth,
      cookieSecret: "the secret of another process",
      ...given,
    }).browser();
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    const answer = await (code === "state_mismatch" ? other : browser).get(callback);
    expect(answer.status).toBe(status);
    expect(lines).toEqual([
      [level, expect.stringContaining("sign-in"), expect.objectContaining({ code, status })],
    ]);
    expect(lines[0]?.[2]).toHaveProperty("message");
    expect(reports).toMatchObject([{ status, at: "callback", error: { code } }]);
    expect(sample.mock.leaks(JSON.stringify([lines, reports]))).toEqual([]);
  });

  it("is one line about a refusal by onSignIn, which names the account and not what was thrown", async () => {
    const { logger, lines } = listeningLogger();
    const sample = sampleApp({
      logger,
      logging: true,
      onSignIn: () => Promise.reject(new RangeError("a secret of theirs")),
    });
    await signIn(sample, sample.browser());
    expect(lines).toEqual([
      [
        "error",
        expect.any(String),
        { at: "callback", status: 500, name: "RangeError", account: sample.alice },
      ],
    ]);
  });

  it("is one line about a record that the encryption key does not open, from the guard", async () => {
    const { logger, lines } = listeningLogger();
    const keys = (first: number) => ({ current: "k", keys: { k: new Uint8Array(32).fill(first) } });
    const sample = sampleApp({ core: { encryption: keys(1) } });
    const browser = sample.browser();
    await signIn(sample, browser);
    const other = sampleApp({
      logger,
      logging: true,
      core: { encryption: keys(2), storage: sample.storage },
    });
    const elsewhere = other.browser();
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.get("/private")).status).toBe(500);
    expect(lines).toEqual([
      ["error", expect.any(String), expect.objectContaining({ at: "guard", code: "record_unreadable" })],
    ]);
  });

  it.each([
    [
      "a permission that the consumer lacks",
      {
        answer: {
          status: 403,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            type: "error",
            error: {
              message: "Your credentials lack one or more required privilege scopes.",
              detail: { granted: ["account"], required: ["pullrequest:write"] },
            },
          }),
        },
      },
      "scope_missing",
    ],
    ["a call that Bitbucket refuses to a fresh token", { status: 401 }, "access_token_rejected"],
  ] as const)("is one line about %s: users can do nothing about it", async (_what, fault, code) => {
    const { logger, lines } = listeningLogger();
    const reports: ProblemReport[] = [];
    const sample = sampleApp({ logger, logging: true, onProblem: (report) => reports.push(report) });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.when({ op: "api", path: "/2.0/user" }, fault);
    expect((await browser.get("/who")).status).toBe(403);
    expect(lines).toEqual([
      ["warn", expect.any(String), expect.objectContaining({ at: "handler", status: 403, code })],
    ]);
    expect(reports).toMatchObject([{ at: "handler", error: { code }, account: sample.alice }]);
    expect(sample.mock.leaks(JSON.stringify(lines))).toEqual([]);
  });

  it("is nothing about what users ask for that is not there", async () => {
    const { logger, lines } = listeningLogger();
    const sample = sampleApp({ logger, logging: true });
    const browser = sample.browser();
    await signIn(sample, browser);
    sample.mock.faults.when({ op: "api", path: "/2.0/user" }, { status: 404 });
    await browser.get("/who");
    expect(lines).toEqual([]);
  });

  it("is nothing about those who are not signed in", async () => {
    const { logger, lines } = listeningLogger();
    const sample = sampleApp({ logger, logging: true });
    await sample.browser().get("/private");
    await signIn(sample, sample.browser());
    expect(lines).toEqual([]);
  });
});

describe.each(expresses)("onError on %s", (_name, express) => {
  const callback = "/auth/bitbucket/callback?code=c&state=s";

  it.each([
    ["passes the error on", (error: Error, next: (error?: unknown) => void) => next(error)],
    ["passes on without one", (_error: Error, next: (error?: unknown) => void) => next()],
    [
      "rejects with it",
      (error: Error) => {
        throw error;
      },
    ],
  ])("that listens and %s keeps the page, and hears of the error once", async (_how, pass) => {
    const heard: Error[] = [];
    const sample = sampleApp({
      express,
      onError(error, _req, _res, next) {
        heard.push(error);
        pass(error, next);
      },
    });
    const { status, text, headers } = await sample.browser().get(callback);
    expect([status, heard.length]).toEqual([400, 1]);
    expect(text).toContain("This sign-in cannot be finished");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
  });

  it("that takes no response only listens", async () => {
    const heard: Error[] = [];
    const sample = sampleApp({ express, onError: (error) => void heard.push(error) });
    expect((await sample.browser().get(callback)).text).toContain("This sign-in cannot be finished");
    expect(heard).toHaveLength(1);
  });

  it("that keeps the page sets no cookie twice", async () => {
    const sample = sampleApp({ express, onError: (_error, _req, _res, next) => next() });
    const browser = sample.browser();
    const { pathname, search } = sample.mock.deny({ url: (await startSignIn(browser)).href });
    expect((await browser.get(pathname + search)).setCookies).toHaveLength(1);
  });

  it("may answer long after it has returned", async () => {
    const sample = sampleApp({
      express,
      onError: (_error, _req, res) => void setImmediate(() => setImmediate(() => res.send("mine"))),
    });
    expect((await sample.browser().get(callback)).text).toBe("mine");
  });

  it("that passes another error on leaves it to the app", async () => {
    const sample = sampleApp({
      express,
      onError: (_error, _req, _res, next) => next(new Error("another")),
    });
    expect((await sample.browser().get(callback)).text).toContain("another");
  });
});
