import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { frozenClock, rejection } from "./signed-in-app.ts";

async function idleAccounts(count: number) {
  const mock = createBitbucketMock({
    clock: frozenClock,
    profile: { base: "strict", accessTokenLength: 40, refreshTokenLength: 40 },
  });
  const first = mock.issueGrant();
  const storage = createMemoryStorage({ clock: mock.clock });
  const auth = createBitbucketAuth({
    ...first.clientOptions,
    storage,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
    refresh: { rereadMs: 0 },
  });
  const accounts = Array.from({ length: count }, (_, index) => `account ${index}`);
  for (const account of accounts) await auth.saveTokens(account, mock.issueGrant().tokens);
  return { mock, auth, accounts };
}

describe("keepAlive()", () => {
  it("loses none of 50 grants that nobody uses for 400 days, and refreshes each 7 times at most", async () => {
    const { mock, auth, accounts } = await idleAccounts(50);
    for (let day = 0; day < 400; day++) {
      const report = await auth.keepAlive();
      expect(report.failures).toEqual([]);
      await mock.clock.advance("1d");
    }

    expect(mock.requests.token("refresh_token").length).toBeLessThanOrEqual(50 * 7);
    for (const account of accounts) await expect(auth.getAccessToken(account)).resolves.toBeTypeOf("string");
    expect(mock.reuseCount).toBe(0);
  });

  it("is needed: without it the grants are gone", async () => {
    const { mock, auth } = await idleAccounts(1);
    await mock.clock.advance("91d");

    expect(await rejection(auth.getAccessToken("account 0"))).toMatchObject({ code: "refresh_rejected" });
  });

  it("can be stopped and goes on where it was", async () => {
    const { mock, auth } = await idleAccounts(10);
    await mock.clock.advance("57d");
    const stop = new AbortController();
    const walk = auth.keepAlive({
      signal: stop.signal,
      onProgress: ({ checked }) => {
        if (checked === 4) stop.abort();
      },
    });
    await rejection(walk);
    expect(mock.requests.token("refresh_token")).toHaveLength(4);

    expect(await auth.keepAlive()).toMatchObject({ checked: 10, refreshed: 6, failed: 0 });
  });

  it("leaves tokens alone that came without a refresh token", async () => {
    const { mock, auth } = await idleAccounts(1);
    await auth.saveTokens("no refresh token", {
      accessToken: "a",
      expiresAt: mock.clock.now() + 1_000,
      tokenType: "bearer",
    });
    await mock.clock.advance("57d");

    expect(await auth.keepAlive()).toMatchObject({ checked: 2, refreshed: 1, failed: 0 });
  });

  it("reports a dead grant and goes on with the others", async () => {
    const { mock, auth } = await idleAccounts(3);
    await mock.clock.advance("57d");
    mock.faults.next("token", { oauth: "invalid_grant" });

    const report = await auth.keepAlive();
    expect(report).toMatchObject({ checked: 3, refreshed: 2, failed: 1 });
    expect(report.failures[0]?.error.code).toBe("refresh_rejected");
  });
});
