import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { frozenClock, rejection } from "./signed-in-app.ts";

/** Registers what a lockout of the whole consumer costs, with so many grants. */
export function describeLockout(grants: number): void {
  describe("a grant that Bitbucket refuses", () => {
    it(
      `costs at most three probes when the whole consumer is locked out for a minute, and ${grants} grants recover`,
      { timeout: 300_000 },
      async () => {
        const mock = createBitbucketMock({ profile: "strict", clock: frozenClock });
        const dead = mock.issueGrant();
        const auth = createBitbucketAuth({
          ...dead.clientOptions,
          fetch: mock.fetch,
          clock: mock.clock,
          logging: false,
          refresh: { rereadMs: 4 },
          random: () => 0,
        });
        await auth.saveTokens("dead", dead.tokens);
        const accounts = Array.from({ length: grants }, (_, index) => `account ${index}`);
        for (const account of accounts) await auth.saveTokens(account, mock.issueGrant().tokens);
        await mock.clock.advance("121m");
        mock.grant(dead).revoke();
        await rejection(auth.getAccessToken("dead"));
        const before = mock.requests.token().length;

        const askAll = async (): Promise<number> => {
          const outcomes = await Promise.allSettled(accounts.map((account) => auth.getAccessToken(account)));
          return outcomes.filter(({ status }) => status === "fulfilled").length;
        };
        let probes = 0;
        for (let second = 0; second < 60; second++) {
          expect(await askAll()).toBe(0);
          probes = mock.requests.token().length - before;
          await mock.clock.advance("1s");
        }
        expect(probes).toBeLessThanOrEqual(3);
        await mock.clock.advance("5s");

        expect(await askAll()).toBeGreaterThanOrEqual(grants - 1);
        expect(mock.reuseCount).toBe(0);
      },
    );
  });
}
