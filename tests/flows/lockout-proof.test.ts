import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { atOnce, frozenClock, rejection, signedInApp } from "./signed-in-app.ts";

describe("a grant that Bitbucket refuses", () => {
  it("costs one token request in 30 seconds however often it is asked for", async () => {
    const { mock, auth, grant, expire, tokenRequests } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.grant(grant).revoke();

    for (let tenth = 0; tenth < 100; tenth++) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 100 }, () => auth.getAccessToken("alice")),
      );
      expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
      await mock.clock.advance("100ms");
    }
    expect(tokenRequests()).toBe(1);

    await mock.clock.advance("19s");
    await rejection(auth.getAccessToken("alice"));
    expect(tokenRequests()).toBe(1);
  });

  it("is kept, called probable, and works again when the refusal was a lockout", async () => {
    const { mock, auth, expire } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.faults.next("token:refresh_token", { oauth: "unauthorized_client" });

    const error = await rejection(auth.getAccessToken("alice"));
    expect(error).toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
      reason: "rejected",
      action: "reauthorize",
      transient: false,
      retryAt: expect.any(Number),
    });

    await mock.clock.advance("61s");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("is not tried again when Bitbucket says invalid_grant, until the account signs in again", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp({ refresh: { rereadMs: 4 } });
    await expire();
    mock.faults.next("token:refresh_token", { oauth: "invalid_grant" });
    const first = await rejection(auth.getAccessToken("alice"));
    await mock.clock.advance("3h");
    const later = await rejection(auth.getAccessToken("alice"));

    expect([first, later]).toMatchObject([
      { code: "refresh_rejected", certainty: "certain" },
      { code: "refresh_rejected", certainty: "certain" },
    ]);
    expect(tokenRequests()).toBe(1);

    await auth.saveTokens("alice", mock.issueGrant().tokens);
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("costs at most three probes when the whole consumer is locked out for a minute, and 500 grants recover", async () => {
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
    const accounts = Array.from({ length: 500 }, (_, index) => `account ${index}`);
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

    expect(await askAll()).toBeGreaterThanOrEqual(499);
    expect(mock.reuseCount).toBe(0);
  });

  it("does not stop another account's refresh", async () => {
    const { mock, auth, grant, expire } = await signedInApp({
      bitbucket: { profile: { base: "strict", lockoutMs: 0 } },
      refresh: { rereadMs: 4 },
    });
    await auth.saveTokens("bob", mock.issueGrant().tokens);
    await expire();
    mock.grant(grant).revoke();
    await rejection(auth.getAccessToken("alice"));

    await expect(atOnce(10, () => auth.getAccessToken("bob"))).resolves.toHaveLength(10);
  });
});
