import {
  type AuthUnderTest,
  createAuthUnderTest,
  down,
  expired,
  freshTokens,
  grants,
  hour,
  minute,
  startOfTest,
} from "../auth-under-test.ts";
import { jsonResponse, tokenBody } from "../fake-fetch.ts";
import { rejectionOf, until } from "../promises.ts";
import { describe, expect, it } from "vitest";

/** Tokens in an answer that Bitbucket dates by its own clock, so much ahead of this machine's. */
function datedGrants(test: () => AuthUnderTest, n: number, aheadMs: number): () => Response {
  return () =>
    jsonResponse(tokenBody({ access_token: `access-${n}`, refresh_token: `refresh-${n}` }), {
      headers: { date: new Date(test().clock.now() + aheadMs).toUTCString() },
    });
}

describe("a record that Bitbucket dated", () => {
  it.each([-2 * hour, 2 * hour])(
    "keeps Bitbucket's time, and callers get their own: %d ms apart",
    async (apartMs) => {
      const test: AuthUnderTest = createAuthUnderTest([datedGrants(() => test, 2, apartMs)]);
      await test.store(expired);
      const skews = test.hear("clockSkew");
      const tokens = await test.auth.getTokens("ann");
      expect(tokens.expiresAt).toBe(startOfTest + 2 * hour);
      expect(await test.stored()).toMatchObject({
        issuedAt: startOfTest + apartMs,
        obtainedAt: startOfTest + apartMs,
        accessExpiresAt: startOfTest + apartMs + 2 * hour,
      });
      expect(skews).toEqual([{ skewMs: apartMs }]);
      test.clock.move(2 * hour - 31_000);
      expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    },
  );

  it("of the future tells that Bitbucket's clock is ahead, and is refreshed by that clock", async () => {
    const test: AuthUnderTest = createAuthUnderTest([datedGrants(() => test, 2, 2 * hour)]);
    await test.store({ issuedAt: startOfTest + 2 * hour });
    const skews = test.hear("clockSkew");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect([test.sent(), skews]).toEqual([["refresh-1"], [{ skewMs: 2 * hour }]]);
  });

  it("rests after a failure by Bitbucket's clock, and the error says until when by this machine's", async () => {
    const test = createAuthUnderTest([down]);
    await test.store({ ...expired, issuedAt: startOfTest + 2 * hour });
    await rejectionOf(test.auth.getAccessToken("ann"));
    const { failure } = (await test.stored()) ?? {};
    expect(failure).toMatchObject({ at: startOfTest + 2 * hour, retryAt: startOfTest + 2 * hour + 5_000 });
    const other = test.another();
    expect(await rejectionOf(other.getAccessToken("ann"))).toMatchObject({ retryAt: startOfTest + 5_000 });
  });
});

describe("a record that was handed in", () => {
  it("stays on this machine's clock when Bitbucket's turns out to be another", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      () => jsonResponse({}, { headers: { date: new Date(test.clock.now() + 2 * hour).toUTCString() } }),
    ]);
    const skews = test.hear("clockSkew");
    const tokens = freshTokens(test.clock);
    await test.auth.saveTokens("ann", tokens);
    await test.auth.fetchFor("ann")("/2.0/user");
    expect(skews).toEqual([{ skewMs: 2 * hour }]);
    expect((await test.auth.getTokens("ann")).expiresAt).toBe(tokens.expiresAt);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
  });
});

describe("a lease that was waited for", () => {
  it("was waited for by this machine's clock, whatever is learnt of Bitbucket's meanwhile", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      () => jsonResponse({}, { headers: { date: new Date(test.clock.now() + 2 * hour).toUTCString() } }),
      grants(2),
    ]);
    await test.auth.saveTokens("bob", freshTokens(test.clock));
    await test.store(expired);
    const lease = await test.takeLease();
    const waited = test.hear("leaseWaited");
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    await test.auth.fetchFor("bob")("/2.0/user");
    test.clock.move(minute / 100);
    await lease?.release();
    expect(await asking).toBe("access-2");
    expect(waited).toEqual([{ account: "ann", waitedMs: minute / 100 }]);
  });
});
