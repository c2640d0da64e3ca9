import { createRequire } from "node:module";
import type { BitbucketAuth, BitbucketAuthOptions, TokenStorage } from "@bitbucket-auth/core";
import type { BitbucketMockOptions } from "@bitbucket-auth/testing";
import express5, { type Express } from "express";
import { createBrowser, served } from "@bitbucket-auth/web-suite/browser.js";
import {
  createAuth,
  createWorld,
  type Sample,
  secret,
  type SentRequest,
} from "@bitbucket-auth/web-suite/sample.js";
import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "../src/index.js";
import type { BitbucketAuthOptions as MiddlewareOptions } from "../src/index.js";

export { consent, secret, signIn, startSignIn } from "@bitbucket-auth/web-suite/sample.js";

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/** The two that are supported. */
export const expresses = [
  ["Express 5", express5],
  ["Express 4", express4],
] as const;

export interface SampleApp extends Sample {
  readonly app: Express;
  readonly auth: BitbucketAuth;
  readonly storage: TokenStorage;
  readonly sent: readonly SentRequest[];
  /** Another process of the same app: its own memory, the same storage. */
  another(): SampleApp;
}

export interface SampleAppOptions extends Partial<MiddlewareOptions> {
  readonly express?: typeof express5;
  readonly bitbucket?: BitbucketMockOptions | undefined;
  readonly core?: BitbucketAuthOptions;
  /** Runs before `bitbucketAuth()` is mounted. */
  readonly prepare?: (app: Express) => void;
}

/** An app with one page for everybody, one that is guarded, and what a single-page app would call. */
export function sampleApp(options: SampleAppOptions = {}): SampleApp {
  const { express = express5, bitbucket, core, prepare, ...rest } = options;
  const { mock, storage, alice, sent, auth: first } = createWorld({ bitbucket, core });
  const build = (auth: BitbucketAuth): SampleApp => {
    const app = express();
    app.set("env", "test");
    prepare?.(app);
    app.use(bitbucketAuth({ auth, cookieSecret: secret, clock: mock.clock, logging: false, ...rest }));
    app.get("/", (req, res) => void res.json({ account: req.bitbucket?.account ?? null }));
    app.get("/private", requireBitbucket(), (req, res) => void res.json({ account: req.bitbucket.account }));
    app.post("/private", requireBitbucket(), (req, res) => void res.json({ account: req.bitbucket.account }));
    app.get("/who", requireBitbucket(), (req, res, next) => {
      req.bitbucket
        .fetch("/2.0/user")
        .then(async (response) => res.json(await response.json()))
        .catch(next);
    });
    app.use(bitbucketErrors());
    const origin = served(app);
    return {
      app,
      mock,
      auth,
      storage,
      sent,
      alice,
      another: () => build(createAuth(mock, storage, core)),
      browser: (headers) => createBrowser(origin, headers),
    };
  };
  return build(options.auth ?? first);
}
