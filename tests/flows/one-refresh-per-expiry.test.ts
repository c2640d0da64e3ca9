import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { atOnce, frozenClock, signedInApp } from "./signed-in-app.ts";

describe("one refresh per expiry, in a process", () => {
  it("sends one request for 1,000 callers and gives them all the same token", async () => {
    const { mock, auth, grant, expire, tokenRequests } = await signedInApp();
    await expire();

    const tokens = await atOnce(1_000, () => auth.getAccessToken("alice"));

    expect(new Set(tokens)).toEqual(new Set([mock.grant(grant).tokens.accessToken]));
    expect(tokenRequests()).toBe(1);
  });

  it("sends 100 requests for 100 grants with 100 callers each", async () => {
    const mock = createBitbucketMock({ profile: "strict", clock: frozenClock });
    const first = mock.issueGrant();
    const auth = createBitbucketAuth({ ...first.clientOptions, fetch: mock.fetch, clock: mock.clock });
    const accounts = Array.from({ length: 100 }, (_, index) => `account ${index}`);
    for (const account of accounts) await auth.saveTokens(account, mock.issueGrant().tokens);
    await mock.clock.advance("121m");

    const tokens = await Promise.all(
      accounts.map((account) => atOnce(100, () => auth.getAccessToken(account))),
    );

    expect(mock.requests.token("refresh_token")).toHaveLength(100);
    expect(tokens.map((given) => new Set(given).size)).toEqual(accounts.map(() => 1));
    expect(new Set(tokens.flat()).size).toBe(100);
  });

  it("survives 50 expiries in a row without ever reusing a refresh token", async () => {
    const { mock, auth, expire, tokenRequests } = await signedInApp();

    for (let expiry = 1; expiry <= 50; expiry++) {
      await expire();
      await atOnce(20, () => auth.getAccessToken("alice"));
      expect(tokenRequests()).toBe(expiry);
    }

    expect(mock.reuseCount).toBe(0);
    expect(mock.violations).toEqual([]);
  });

  it("shares one refresh between two BitbucketAuths on one storage", async () => {
    const { createMemoryStorage } = await import("@bitbucket-auth/core");
    const storage = createMemoryStorage();
    const { mock, auth, another, expire, tokenRequests } = await signedInApp({ storage });
    const other = another({ storage });
    await expire();

    const tokens = await atOnce(200, (caller) => (caller % 2 ? auth : other).getAccessToken("alice"));

    expect(new Set(tokens).size).toBe(1);
    expect(tokenRequests()).toBe(1);
    expect(mock.reuseCount).toBe(0);
  });

  it("asks once for the consumer's own token however many callers there are", async () => {
    const mock = createBitbucketMock({ profile: "strict", clock: frozenClock });
    const { clientOptions } = mock.issueGrant();
    const auth = createBitbucketAuth({ ...clientOptions, fetch: mock.fetch, clock: mock.clock });

    const tokens = await atOnce(500, () => auth.getAccessToken());

    expect(new Set(tokens).size).toBe(1);
    expect(mock.requests.token("client_credentials")).toHaveLength(1);
  });
});
