import { existsSync, readFileSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePath } from "./bundle-under-test.ts";

const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const hasChromium = existsSync(executablePath);
if (!hasChromium) {
  const message = `There is no ${executablePath}. Install it (apt-get install chromium) or set CHROMIUM_PATH to run these tests.`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
}

const origin = "https://app.test";
const page =
  '<!doctype html><title>x</title><script src="/bitbucket-auth.min.js"></script><script src="/app.js"></script>';

/** Two callers in the page, and what it can see of the bundle. */
const app = `
  const config = {
    appName: "my-app",
    consumerKey: "key",
    consumerSecret: "secret",
    endpoints: { tokenUrl: "${origin}/token" },
    loadConfig: ({ key }) => JSON.parse(localStorage.getItem(key)),
    saveConfig: (next, { key }) => localStorage.setItem(key, JSON.stringify(next)),
  };
  window.outcome = Promise.all([1, 2].map(() => bitbucketAuth.getAccessToken(config))).then((tokens) => ({
    tokens,
    names: Object.keys(bitbucketAuth).sort(),
    locks: "locks" in navigator,
    client: bitbucketAuth.createBitbucketClient({ backend: "/auth/bitbucket" }) instanceof bitbucketAuth.BitBucketClient,
  }));
`;

describe.skipIf(!hasChromium)("the minified bundle in a page under default-src 'self'", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  }, 60_000);
  afterAll(() => browser.close());

  it("gets a token once for two callers, and the next tab finds it", async () => {
    const context = await browser.newContext();
    const complaints: string[] = [];
    context.on("console", (message) => void complaints.push(message.text()));
    context.on("weberror", (error) => void complaints.push(error.error().message));
    const asked: (string | null)[] = [];
    const files: Readonly<Record<string, [type: string, body: string]>> = {
      "/": ["text/html", page],
      "/app.js": ["text/javascript", app],
      "/bitbucket-auth.min.js": [
        "text/javascript",
        readFileSync(bundlePath("bitbucket-auth.min.js"), "utf8"),
      ],
    };
    // Nothing leaves this test: every request is answered here.
    await context.route("**/*", async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/token") {
        asked.push(route.request().postData());
        const json = { access_token: `access-${asked.length}`, expires_in: 7200, token_type: "bearer" };
        return route.fulfill({ json });
      }
      const [contentType, body] = files[pathname] ?? ["text/plain", ""];
      const headers = { "content-security-policy": "default-src 'self'" };
      return route.fulfill({ status: files[pathname] ? 200 : 204, contentType, body, headers });
    });
    for (let tab = 0; tab < 2; tab++) {
      const opened = await context.newPage();
      await opened.goto(origin);
      expect(await opened.evaluate("window.outcome")).toEqual({
        tokens: ["access-1", "access-1"],
        names: [
          "BitBucketClient",
          "LocalStorage",
          "SessionStorage",
          "createBitbucketClient",
          "getAccessToken",
          "isBitbucketAuthError",
        ],
        locks: true,
        client: true,
      });
    }
    expect(asked).toEqual(["grant_type=client_credentials"]);
    expect(complaints).toEqual([]);
  }, 60_000);
});
