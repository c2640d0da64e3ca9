import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { integer, sample } from "fast-check";
import { describe, expect, it } from "vitest";
import { frozenClock } from "./signed-in-app.ts";

describe("many accounts in one process", () => {
  it("gives nobody another account's token in 100,000 interleaved calls over 50 tenants", async () => {
    const consumers = ["one", "two"].map((name) => ({
      name,
      clientId: `${name} id`,
      clientSecret: `${name} secret`,
    }));
    const mock = createBitbucketMock({
      clock: frozenClock,
      consumers,
      profile: { base: "strict", accessTokenLength: 40, refreshTokenLength: 40 },
    });
    const storage = createMemoryStorage();
    // The same 25 account names with two consumers: 50 tenants on one storage.
    const tenants = consumers.flatMap(({ name }) =>
      Array.from({ length: 25 }, (_, index) => ({ consumer: name, account: `user ${index}` })),
    );
    const auths = consumers.map(({ name }) => {
      const { clientOptions } = mock.issueGrant({ consumer: name });
      return createBitbucketAuth({
        ...clientOptions,
        fetch: mock.fetch,
        clock: mock.clock,
        storage,
        logging: false,
      });
    });
    const grants = await Promise.all(
      tenants.map(async ({ consumer, account }, index) => {
        const grant = mock.issueGrant({ consumer });
        await auths[index < 25 ? 0 : 1]?.saveTokens(account, grant.tokens);
        return grant;
      }),
    );
    const seen = new Map<string, number>();
    let wrong = 0;
    const [seed] = sample(integer(), 1);
    const picks = sample(integer({ min: 0, max: 49 }), { numRuns: 100_000, seed: seed ?? 1 });

    for (let start = 0; start < picks.length; start += 1_000) {
      if (start % 10_000 === 0) await mock.clock.advance("121m");
      await Promise.all(
        picks.slice(start, start + 1_000).map(async (tenant) => {
          const token = await auths[tenant < 25 ? 0 : 1]?.getAccessToken(tenants[tenant]?.account ?? "");
          const owner = seen.get(token ?? "") ?? tenant;
          if (owner !== tenant) wrong++;
          seen.set(token ?? "", tenant);
        }),
      );
    }

    expect(wrong, `seed ${seed}`).toBe(0);
    expect(seen.size).toBeGreaterThanOrEqual(500);
    expect(grants.map((grant, tenant) => seen.get(mock.grant(grant).tokens.accessToken) ?? tenant)).toEqual(
      grants.map((_, tenant) => tenant),
    );
    expect(mock.reuseCount).toBe(0);
  });
});
