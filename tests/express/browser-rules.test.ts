import { once } from "node:events";
import { createServer } from "node:http";
import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { startBitbucketMock, type BitbucketMockServer } from "@bitbucket-auth/testing/server";
import express, { type Express } from "express";
import session, { type CookieOptions } from "express-session";
import helmet from "helmet";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "./chromium.ts";

/** helmet's own policy, without what only https can keep. */
const strictHelmet = {
  contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  strictTransportSecurity: false,
};

/** An app on `localhost` and a Bitbucket on `127.0.0.1`: two sites to a browser. */
interface AppUnderTest {
  readonly url: string;
  readonly bitbucket: BitbucketMockServer;
  /** What was sent to `POST /comments` and got through. */
  readonly comments: readonly unknown[];
  close(): Promise<void>;
}

async function startApp(prepare: (app: Express) => void): Promise<AppUnderTest> {
  const app = express();
  const server = createServer(app).listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const url = `http://localhost:${address.port}`;
  const mock = createBitbucketMock({ consumers: [{ callbackUrl: `${url}/auth/bitbucket/callback` }] });
  const bitbucket = await startBitbucketMock(mock);
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    storage: createMemoryStorage(),
    logging: false,
  });
  const comments: unknown[] = [];
  prepare(app);
  app.use(
    bitbucketAuth({ auth, cookieSecret: "a cookie secret for tests", baseUrl: url, logging: false }),
    express.urlencoded(),
  );
  app.get("/", (_req, res) => {
    res.send(`<!doctype html><title>Comments</title><h1>Comments</h1>
<form method="post" action="/comments"><input name="text" value="Nice."><button>Send</button></form>
<form method="post" action="/auth/bitbucket/logout"><button>Sign out</button></form>`);
  });
  app.get("/private", requireBitbucket(), (_req, res) => void res.send("<h1>Private</h1>"));
  app.post("/comments", requireBitbucket(), (req, res) => {
    comments.push(req.body);
    res.redirect("/");
  });
  app.use(bitbucketErrors());
  return {
    url,
    bitbucket,
    comments,
    async close() {
      server.closeAllConnections();
      server.close();
      await bitbucket.close();
      await auth.close();
    },
  };
}

const heading = (page: Page, name: string): Promise<void> => page.getByRole("heading", { name }).waitFor();
const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name }).click();

describe.runIf(hasChromium)("what Chromium decides of a sign-in with @bitbucket-auth/express", () => {
  let browser: Browser;
  let app: AppUnderTest;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(() => app.close());
  afterAll(() => browser.close());

  it("a form that is sent before the sign-in gets a page with a link to it, under helmet's form-action 'self'", async () => {
    app = await startApp((prepared) => void prepared.use(helmet(strictHelmet)));
    const { context, complaints } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(app.url);
    await press(page, "Send");
    await heading(page, "Please sign in first");
    expect(app.comments).toEqual([]);
    await page.getByRole("link", { name: "Sign in with Bitbucket" }).click();
    await press(page, "Grant access");
    await heading(page, "Comments");
    await press(page, "Send");
    await heading(page, "Comments");
    expect(app.comments).toEqual([{ text: "Nice." }]);

    await press(page, "Sign out");
    await heading(page, "Comments");
    expect(await context.cookies()).toEqual([]);
    expect(complaints.filter((text) => text.includes("Content Security Policy"))).toEqual([]);
    await context.close();
  });

  it("a session cookie with sameSite lax comes back from Bitbucket, which is another site", async () => {
    app = await startApp(withSession({ sameSite: "lax" }));
    const { context } = await openContext(browser);
    const page = await context.newPage();
    await page.goto(`${app.url}/private`);
    await press(page, "Grant access");
    await heading(page, "Private");
    expect(await context.cookies()).toContainEqual(
      expect.objectContaining({ name: "connect.sid", sameSite: "Lax" }),
    );
    await context.close();
  });

  it.each([
    ["sameSite is strict", { sameSite: "strict" }],
    ["it is kept to https", { secure: true }],
  ] as const)(
    "a session cookie that would not come back ends the sign-in with an error, not with another round: %s",
    async (_why, cookie) => {
      app = await startApp(withSession(cookie));
      const { context } = await openContext(browser);
      const page = await context.newPage();
      await page.goto(`${app.url}/private`);
      await press(page, "Grant access");
      await page.getByText("Code: invalid_options").waitFor();
      expect(new URL(page.url()).pathname).toBe("/auth/bitbucket/callback");
      expect(app.bitbucket.mock.requests.token("authorization_code")).toHaveLength(1);
      await context.close();
    },
  );
});

function withSession(cookie: CookieOptions): (app: Express) => void {
  return (app) =>
    void app.use(session({ secret: "another secret", resave: false, saveUninitialized: false, cookie }));
}
