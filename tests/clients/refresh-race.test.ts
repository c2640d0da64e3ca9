import { createBitbucketAuth } from "@bitbucket-auth/core";
import type { BitbucketMock, Grant } from "@bitbucket-auth/testing";
import { assertLiveSession, assertNoRefreshTokenReuse, assertRefreshed } from "@bitbucket-auth/testing/node";
import { AuthorizationCode } from "simple-oauth2";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { servedBitbucket } from "./served-bitbucket.ts";

type GetAccessToken = () => Promise<string>;

/** simple-oauth2 as its README shows it: when the token has expired, refresh it and keep the answer. */
async function simpleOAuth2({ clientOptions, tokens }: Grant): Promise<GetAccessToken> {
  const { clientId: id, clientSecret: secret, endpoints } = clientOptions;
  const { origin: tokenHost, pathname: tokenPath } = new URL(endpoints.tokenUrl);
  const client = new AuthorizationCode({ client: { id, secret }, auth: { tokenHost, tokenPath } });
  let kept = client.createToken({
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    expires_at: new Date(tokens.expiresAt),
  });
  return async () => {
    if (kept.expired()) kept = await kept.refresh();
    return kept.token.access_token;
  };
}

async function bitbucketAuth({ clientOptions, tokens }: Grant): Promise<GetAccessToken> {
  const auth = createBitbucketAuth(clientOptions);
  onTestFinished(() => auth.close());
  await auth.saveTokens("alice", tokens);
  return () => auth.getAccessToken("alice");
}

interface Outcome {
  readonly mock: BitbucketMock;
  readonly grant: Grant;
  readonly served: number;
}

/** The race, in ten lines: an hour after the token has expired, a hundred callers come at once. */
async function race(connect: (grant: Grant) => Promise<GetAccessToken>): Promise<Outcome> {
  const { mock } = await servedBitbucket();
  const grant = mock.issueGrant();
  const getAccessToken = await connect(grant);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  const answers = await Promise.allSettled(Array.from({ length: 100 }, getAccessToken));
  const served = answers.filter(({ status }) => status === "fulfilled").length;
  return { mock, grant, served };
}

describe("a hundred callers at once, after the token has expired", () => {
  it("cost simple-oauth2 the grant", async () => {
    const { mock, grant, served } = await race(simpleOAuth2);
    expect(served).toBe(1);
    assertRefreshed(mock, 100);
    expect(mock.grant(grant).live).toBe(false);
  });

  it("cost core one refresh", async () => {
    const { mock, grant, served } = await race(bitbucketAuth);
    expect(served).toBe(100);
    assertRefreshed(mock, 1);
    assertNoRefreshTokenReuse(mock);
    assertLiveSession(mock, grant);
  });
});
