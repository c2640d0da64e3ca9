// oxlint-disable typescript/no-floating-promises -- node:test itself waits for its tests
import assert from "node:assert/strict";
import test from "node:test";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { assertLiveSession, assertNoRefreshTokenReuse, assertRefreshed } from "@bitbucket-auth/testing/node";

test("a hundred callers cost one refresh", async () => {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant();
  const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
  await auth.saveTokens("alice", grant.tokens);
  await mock.clock.advance("2h");

  const tokens = await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("alice")));

  assert.equal(new Set(tokens).size, 1);
  assertRefreshed(mock, 1);
  assertNoRefreshTokenReuse(mock);
  assertLiveSession(mock, grant);
  await auth.close();
});
