import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { type BitbucketMockServer, startBitbucketMock } from "@bitbucket-auth/testing/server";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchChromium, openContext } from "../express/chromium.ts";
import {
  type BrowsedApp,
  goBackAfterSignOut,
  goBackToCallback,
  launchWithBackForwardCache,
  signInAndOut,
  signInInTabs,
} from "./in-chromium.ts";
import { freePort, type NextServer, startNext } from "./next-server.ts";

describe.runIf(hasChromium)("the Next.js example, built for production, in Chromium", () => {
  let browser: Browser;
  let bitbucket: BitbucketMockServer;
  let next: NextServer;
  let app: BrowsedApp;
  let directory = "";
  beforeAll(async () => {
    browser = await launchChromium();
    directory = await mkdtemp(join(tmpdir(), "next-example-"));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const mock = createBitbucketMock({ consumers: [{ callbackUrl: `${url}/auth/bitbucket/callback` }] });
    bitbucket = await startBitbucketMock(mock);
    const [consumer] = mock.consumers;
    next = await startNext(new URL("../../examples/next-app/", import.meta.url), {
      port,
      isBuilt: process.env["NEXT_IS_BUILT"] === "1",
      env: {
        BASE_URL: url,
        BITBUCKET_URL: bitbucket.url,
        BITBUCKET_CLIENT_ID: consumer?.clientId ?? "",
        BITBUCKET_CLIENT_SECRET: consumer?.clientSecret ?? "",
        COOKIE_SECRET: "a cookie secret for tests alone",
        XDG_DATA_HOME: directory,
        XDG_CONFIG_HOME: directory,
      },
    });
    app = { url, guarded: ["/repositories", "Repositories"] };
  }, 600_000);
  afterAll(async () => {
    await next?.stop();
    await bitbucket?.close();
    await browser?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("signs in and out", async () => {
    await expect(signInAndOut(browser, app)).resolves.toBeUndefined();
  });

  it("signs in and out without scripts", async () => {
    await expect(signInAndOut(browser, app, { javaScriptEnabled: false })).resolves.toBeUndefined();
  });

  it("lets 20 tabs finish", async () => {
    await expect(signInInTabs(browser, app, 20)).resolves.toBeUndefined();
  });

  it.each([[true], [false]])(
    "shows nothing of a user who has signed out behind the back button (scripts: %s)",
    async (javaScriptEnabled) => {
      const ordinary = await launchWithBackForwardCache();
      await expect(goBackAfterSignOut(ordinary, app, { javaScriptEnabled })).resolves.toBeUndefined();
      await ordinary.close();
    },
  );

  it("shows no error behind the back button", async () => {
    await expect(goBackToCallback(browser, app)).resolves.toBeUndefined();
  });

  it("renews the token while only server components run", async () => {
    const { context } = await openContext(browser);
    const page = await context.newPage();
    const { mock } = bitbucket;
    const refreshes = mock.requests.token("refresh_token").length;
    mock.faults.next("token:authorization_code", { fields: { expires_in: 1 } });
    await page.goto(`${app.url}/repositories`);
    await page.getByRole("button", { name: "Grant access" }).click();
    await page.getByText("website").waitFor();
    const reload = async (): Promise<number> => {
      await page.reload();
      return mock.requests.token("refresh_token").length;
    };
    await expect.poll(reload, { timeout: 30_000 }).toBe(refreshes + 1);
    await page.getByText("website").waitFor();
    expect(mock.violations).toEqual([]);
    await context.close();
  });
});
