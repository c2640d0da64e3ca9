import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBitbucketMock, type BitbucketMock, type Grant } from "../src/index.ts";
import { bitbucketMatchers } from "../src/vitest.ts";
import { refresh } from "./token-request.ts";

expect.extend(bitbucketMatchers);

type Client = (account: string) => Promise<unknown>;

/** What most programs do: keep the tokens, refresh when they have expired. */
async function naive(mock: BitbucketMock, { tokens }: Grant): Promise<Client> {
  let { refreshToken, expiresAt } = tokens;
  return async () => {
    if (expiresAt > mock.clock.now()) return;
    const { body } = await refresh(mock, refreshToken);
    refreshToken = body.refresh_token;
    expiresAt = mock.clock.now() + 7_200_000;
  };
}

async function ours(mock: BitbucketMock, { clientOptions, tokens }: Grant): Promise<Client> {
  const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock });
  onTestFinished(() => auth.close());
  await auth.saveTokens("alice", tokens);
  return (account) => auth.getAccessToken(account);
}

/** The race, in ten lines. */
async function race(connect: typeof naive): Promise<{ mock: BitbucketMock; grant: Grant }> {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant({ user: "alice" });
  const getAccessToken = await connect(mock, grant);
  await mock.clock.advance("2h");
  await Promise.all(Array.from({ length: 100 }, () => getAccessToken("alice")));
  return { mock, grant };
}

describe("a hundred callers at once, after the token has expired", () => {
  it("cost a naive client its grant", async () => {
    const { mock, grant } = await race(naive);
    expect(mock).toHaveRefreshed(100);
    expect(mock).not.toHaveNoRefreshTokenReuse();
    expect(mock).not.toHaveLiveSession(grant);
  });

  it("cost core one refresh", async () => {
    const { mock, grant } = await race(ours);
    expect(mock).toHaveRefreshed(1);
    expect(mock).toHaveNoRefreshTokenReuse();
    expect(mock).toHaveLiveSession(grant);
  });
});
