import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { expect, it } from "vitest";
import { hasRedisServer } from "../storm/redis-server.ts";
import { withRedis } from "./real-storage.ts";

it.runIf(hasRedisServer)("is not forgotten by Redis because a program's clock is years behind", async () => {
  await withRedis(async ({ storage }) => {
    const mock = createBitbucketMock({ profile: "strict", clock: { now: () => Date.UTC(2020, 0) } });
    const grant = mock.issueGrant();
    const auth = createBitbucketAuth({
      ...grant.clientOptions,
      clock: mock.clock,
      fetch: mock.fetch,
      storage,
      encryption: "none",
    });
    await auth.saveTokens("alice", grant.tokens);
    await mock.clock.advance("121m");

    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    await auth.close();
  });
});
