import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { expect, it } from "vitest";
import { atOnce } from "./signed-in-app.ts";

it.each([0, Date.UTC(2020, 0), Date.UTC(2100, 0)])(
  "keeps a grant alive on a clock that starts at %d",
  async (start) => {
    const mock = createBitbucketMock({ profile: "strict", clock: { now: () => start } });
    const grant = mock.issueGrant();
    const auth = createBitbucketAuth({
      ...grant.clientOptions,
      clock: mock.clock,
      fetch: mock.fetch,
      storage: createMemoryStorage(),
    });
    await auth.saveTokens("alice", grant.tokens);
    for (let expiry = 0; expiry < 5; expiry++) {
      await mock.clock.advance("121m");
      expect(new Set(await atOnce(10, () => auth.getAccessToken("alice"))).size).toBe(1);
    }
    expect(mock.requests.token("refresh_token")).toHaveLength(5);
  },
);
