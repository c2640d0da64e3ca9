import { createRequire } from "node:module";
import {
  createBitbucketAuth,
  createMemoryStorage,
  type BitbucketAuth,
  type BitbucketAuthOptions,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import express5, { type Express } from "express";
import type { Response } from "supertest";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "../src/index.js";
import type { BitbucketAuthOptions as MiddlewareOptions } from "../src/index.js";
import { createBrowser, type Browser } from "./browser.js";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/** The two that are supported. */
export const expresses = [
  ["Express 5", express5],
  ["Express 4", express4],
] as const;

export const secret = "a cookie secret for tests, not for you";

export interface SampleApp {
  readonly app: Express;
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  readonly storage: TokenStorage;
  readonly alice: string;
  /** Another process of the same app: its own memory, the same storage. */
  another(): SampleApp;
  browser(headers?: Readonly<Record<string, string>>): Browser;
}

export interface SampleAppOptions extends Partial<MiddlewareOptions> {
  readonly express?: typeof express5;
  readonly bitbucket?: BitbucketMockOptions;
  readonly core?: BitbucketAuthOptions;
  /** Runs before `bitbucketAuth()` is mounted. */
  readonly prepare?: (app: Express) => void;
  readonly middleware?: typeof bitbucketAuth;
  readonly guard?: typeof requireBitbucket;
}

/** An app with one page for everybody, one that is guarded, and what a single-page app would call. */
export function sampleApp(options: SampleAppOptions = {}): SampleApp {
  const { express, bitbucket, core, prepare, middleware, guard, ...rest } = options;
  const mock = createBitbucketMock({
    profile: "strict",
    users: [
      { username: "alice", displayName: "Alice Example" },
      { username: "mallory", displayName: "Mallory Example" },
    ],
    ...bitbucket,
  });
  const storage = createMemoryStorage();
  const another = (): SampleApp => {
    const { clientOptions } = mock.issueGrant();
    const auth = createBitbucketAuth({
      ...clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      storage,
      logging: false,
      ...core,
    });
    const app = (express ?? express5)();
    app.set("env", "test");
    prepare?.(app);
    const require = guard ?? requireBitbucket;
    app.use((middleware ?? bitbucketAuth)({ auth, cookieSecret: secret, clock: mock.clock, ...rest }));
    app.get("/", (req, res) => void res.json({ account: req.bitbucket?.account ?? null }));
    app.get("/private", require(), (req, res) => void res.json({ account: req.bitbucket.account }));
    app.get("/who", require(), (req, res, next) => {
      req.bitbucket
        .fetch("/2.0/user")
        .then(async (response) => res.json(await response.json()))
        .catch(next);
    });
    app.use(bitbucketErrors());
    return {
      app,
      mock,
      auth,
      storage,
      alice: mock.users[0]?.uuid ?? "",
      another,
      browser: (headers) => createBrowser(app, headers),
    };
  };
  return another();
}

/** Opens the login route; answers where the browser is sent. */
export async function startSignIn(browser: Browser, path = "/auth/bitbucket"): Promise<URL> {
  const { headers } = await browser.get(path);
  return new URL(headers["location"] ?? "");
}

/** The path and query that Bitbucket calls back once the person has said yes. */
export function consent({ mock }: Pick<SampleApp, "mock">, url: URL, user = "alice"): string {
  const { redirect } = mock.authorize({ url: url.href, user });
  return redirect.pathname + redirect.search;
}

/** Goes through the whole sign-in; answers the answer to the callback. */
export async function signIn(
  sample: Pick<SampleApp, "mock">,
  browser: Browser,
  { user = "alice", path = "/auth/bitbucket" } = {},
): Promise<Response> {
  return browser.get(consent(sample, await startSignIn(browser, path), user));
}
