import { expect, test } from "@jest/globals";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { bitbucketMatchers } from "@bitbucket-auth/testing/jest";

expect.extend(bitbucketMatchers);

test("a hundred callers cost one refresh", async () => {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant();
  const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
  await auth.saveTokens("alice", grant.tokens);
  await mock.clock.advance("2h");

  await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("alice")));

  expect(mock).toHaveRefreshed(1);
  expect(mock).not.toHaveRefreshed(2);
  expect(mock).toHaveLiveSession(grant);
  await auth.close();
});
