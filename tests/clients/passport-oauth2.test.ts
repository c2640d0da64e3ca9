import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { assertNoRefreshTokenReuse, assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import express from "express";
import OAuth2Strategy, { type StrategyOptions } from "passport-oauth2";
import { describe, expect, it, onTestFinished } from "vitest";
import { grantAccess, servedBitbucket, whoIs, type ServedBitbucket } from "./served-bitbucket.ts";

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The strategy puts the secret into the form, where Bitbucket does not look: Basic is added by hand. */
function strategyFor(bitbucket: ServedBitbucket, options: Partial<StrategyOptions> = {}): OAuth2Strategy {
  const { clientId: clientID, clientSecret } = bitbucket;
  const basic = Buffer.from(`${clientID}:${clientSecret}`).toString("base64");
  return new OAuth2Strategy(
    {
      authorizationURL: bitbucket.authorizeUrl,
      tokenURL: bitbucket.tokenUrl,
      clientID,
      clientSecret,
      callbackURL: bitbucket.callbackUrl,
      customHeaders: { authorization: `Basic ${basic}` },
      ...options,
    },
    (accessToken, refreshToken, _profile, done) => done(null, { accessToken, refreshToken }),
  );
}

/** An app whose one page signs users in and shows their tokens. Resolves with its address. */
async function startApp(strategy: OAuth2Strategy): Promise<string> {
  const app = express();
  // What passport's `authenticate()` does: it gives a request's own copy of the strategy its five ways to end.
  app.get("/callback", (request, response) => {
    const attempt = Object.assign(Object.create(strategy) as OAuth2Strategy, {
      redirect: (url: string) => response.redirect(url),
      success: (tokens: object) => response.json(tokens),
      fail: () => response.sendStatus(401),
      pass: () => response.sendStatus(404),
      error: ({ message }: Error) => response.status(500).send(message),
    });
    attempt.authenticate(request);
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A browser's way: the app's page, Bitbucket's, and back to the app with the code. */
async function signIn(app: string): Promise<Response> {
  const sent = await fetch(`${app}/callback`, { redirect: "manual" });
  const { search } = await grantAccess(sent.headers.get("location") ?? "");
  return fetch(`${app}/callback${search}`);
}

/** It leaves refreshing to the app, through the client inside. */
function refresh(strategy: OAuth2Strategy, { refreshToken }: Tokens): Promise<Tokens> {
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line no-underscore-dangle -- passport's name for what subclasses may use
    strategy._oauth2.getOAuthAccessToken(
      refreshToken,
      { grant_type: "refresh_token" },
      (error, accessToken, newest) =>
        error ? reject(error) : resolve({ accessToken, refreshToken: newest }),
    );
  });
}

describe("passport-oauth2 in an Express app", () => {
  it("signs in and refreshes", async () => {
    const bitbucket = await servedBitbucket();
    const { mock } = bitbucket;
    const strategy = strategyFor(bitbucket);
    const app = await startApp(strategy);

    const answer = await signIn(app);
    const first = (await answer.json()) as Tokens;
    expect(await whoIs(bitbucket, first.accessToken)).toBe("alice");

    const second = await refresh(strategy, first);
    const third = await refresh(strategy, second);

    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(await whoIs(bitbucket, third.accessToken)).toBe("alice");
    assertRefreshed(mock, 2);
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
  });

  it("is refused without the Basic header", async () => {
    const bitbucket = await servedBitbucket();
    const app = await startApp(strategyFor(bitbucket, { customHeaders: {} }));

    const answer = await signIn(app);

    expect(answer.status).toBe(500);
    expect(bitbucket.mock.violations).toHaveLength(1);
  });
});
