import {
  activeRecord,
  consumerKey,
  createAuthUnderTest,
  dead,
  down,
  expired,
  grants,
  hour,
  keyOf,
  minute,
  minutesOld,
  misconfigured,
  startOfTest,
  storageDown,
  type AuthUnderTest,
} from "../auth-under-test.ts";
import type { CannedAnswer } from "../fake-fetch.ts";
import { rejectionOf } from "../promises.ts";
import { describe, expect, it } from "vitest";

describe("getAccessToken(), from memory and storage", () => {
  it("serves what is stored, and takes no lease and writes nothing for it", async () => {
    const test = createAuthUnderTest();
    await test.store();
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect([test.calls.tryLease, test.calls.compareAndSwap, test.events]).toEqual([[], [], []]);
  });

  it("asks the storage again only when the time in memory is over", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    test.clock.move(minute - 1);
    const again = test.auth.getAccessToken("ann");
    expect(test.auth.getAccessToken("ann")).toBe(again);
    await again;
    expect(test.calls.get).toHaveLength(1);
    test.clock.move(1);
    await test.auth.getAccessToken("ann");
    expect(test.calls.get).toHaveLength(2);
  });

  it("returns one and the same promise while a token is in memory, also for the consumer", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store();
    await test.auth.getAccessToken("ann");
    await test.auth.getAccessToken();
    expect(test.auth.getAccessToken("ann")).toBe(test.auth.getAccessToken("ann"));
    expect(test.auth.getAccessToken()).toBe(test.auth.getAccessToken());
  });

  it("asks the storage again when the clock was set back: the time in memory is not known then", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    test.clock.move(-1);
    await test.auth.getAccessToken("ann");
    expect(test.calls.get).toHaveLength(2);
  });

  it("adopts a token that another process has stored, tells of it once, and remembers it", async () => {
    const test = createAuthUnderTest();
    const adopted = test.hear("adopted");
    await test.store();
    await test.auth.getAccessToken("ann");
    expect(adopted).toEqual([]);
    await test.store({ accessToken: "access-2", generation: 5 });
    test.clock.move(minute);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(adopted).toHaveLength(1);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect((await test.auth.getTokens("ann")).accessToken).toBe("access-2");
    expect(test.calls.get).toHaveLength(2);
    test.clock.move(minute);
    await test.auth.getAccessToken("ann");
    expect(adopted).toEqual([{ account: "ann", generation: 5 }]);
    expect(test.sent()).toEqual([]);
  });

  it("keeps the tokens of many accounts apart in memory", async () => {
    const test = createAuthUnderTest();
    const accounts = Array.from({ length: 300 }, (_, n) => `account-${n}`);
    for (const account of accounts) await test.store({ accessToken: `of ${account}` }, keyOf(account));
    const serve = (): Promise<string[]> =>
      Promise.all(accounts.map((account) => test.auth.getAccessToken(account)));
    expect(await serve()).toEqual(accounts.map((account) => `of ${account}`));
    expect(await serve()).toEqual(accounts.map((account) => `of ${account}`));
    expect(test.calls.get).toHaveLength(300);
  });

  it("rejects with signed_out for an account that nothing is stored for, and sends nothing", async () => {
    const test = createAuthUnderTest();
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "signed_out",
      action: "reauthorize",
      account: "ann",
    });
    expect([test.calls.tryLease, test.sent()]).toEqual([[], []]);
  });

  it("looks again for an account that has signed in since", async () => {
    const test = createAuthUnderTest();
    await rejectionOf(test.auth.getAccessToken("ann"));
    await test.store();
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
  });

  it("serves a token that has just the half minute left that every token must have, and refreshes one with less", async () => {
    for (const [leftMs, served] of [
      [30_001, "access-1"],
      [30_000, "access-2"],
    ] as const) {
      const test = createAuthUnderTest([grants(2)]);
      await test.store({ obtainedAt: startOfTest - 2 * hour, accessExpiresAt: startOfTest + leftMs });
      expect(await test.auth.getAccessToken("ann")).toBe(served);
    }
  });
});

describe("getAccessToken(), by a refresh", () => {
  it("refreshes a token that has expired, saves the new one, and serves that from then on", async () => {
    const test = createAuthUnderTest([grants(2)]);
    const refreshed = test.hear("refreshed");
    await test.store({ ...expired, generation: 4 });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(await test.stored()).toMatchObject({
      accessToken: "access-2",
      refreshToken: "refresh-2",
      refreshExpiresAt: startOfTest + 90 * 24 * hour,
      accessExpiresAt: startOfTest + 2 * hour,
      obtainedAt: startOfTest,
      parentFp: "fingerprint-of-refresh-1",
      generation: 5,
      status: "active",
      scope: "account repository",
      signedInAt: startOfTest - hour,
    });
    expect(await test.stored()).not.toHaveProperty("pending");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(refreshed).toEqual([{ account: "ann", generation: 5, recovered: false }]);
    expect([test.sent(), test.events]).toEqual([["refresh-1"], ["refreshed"]]);
  });

  it("asks the storage for it again when the time in memory is over", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    const before = test.calls.get.length;
    test.clock.move(minute);
    await test.auth.getAccessToken("ann");
    expect(test.calls.get).toHaveLength(before + 1);
  });

  it("keeps the old refresh token when the answer brings none", async () => {
    const test = createAuthUnderTest([grants(2, { refresh_token: undefined })]);
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    const { refreshToken, refreshFp, parentFp } = (await test.stored()) ?? {};
    expect([refreshToken, parentFp]).toEqual(["refresh-1", "fingerprint-of-refresh-1"]);
    expect(refreshFp).toBeDefined();
  });

  it("counts a token's life from the start of the request", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      () => {
        test.clock.move(4_000);
        return grants(2);
      },
    ]);
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    expect(await test.stored()).toMatchObject({
      obtainedAt: startOfTest,
      accessExpiresAt: startOfTest + 2 * hour,
    });
  });

  it("sends nothing where no refresh token is stored, and asks for a new sign-in", async () => {
    const test = createAuthUnderTest();
    await test.store({ ...expired, refreshToken: undefined, refreshFp: undefined });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_rejected",
      certainty: "certain",
      account: "ann",
    });
    expect([test.sent(), await test.isLeaseFree()]).toEqual([[], true]);
  });

  it("knows a record that was stored without a fingerprint", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store({ ...expired, refreshFp: undefined });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });
});

describe("getAccessToken(), for the consumer itself", () => {
  it("asks by client credentials, announces nothing, and saves the token before it is served", async () => {
    const test = createAuthUnderTest([grants(2)]);
    expect(await test.auth.getAccessToken()).toBe("access-2");
    const record = await test.stored(consumerKey);
    expect(record).toMatchObject({ accessToken: "access-2", generation: 1 });
    // Even when a refresh token was sent: there is no grant that it could refresh.
    expect([record?.refreshToken, record?.parentFp]).toEqual([undefined, undefined]);
    expect(test.requests.map(({ form }) => Object.fromEntries(form))).toEqual([
      { grant_type: "client_credentials" },
    ]);
    expect(test.calls.compareAndSwap).toHaveLength(1);
    expect(test.events).toEqual(["refreshed"]);
    expect((await test.auth.getTokens()).refreshToken).toBeUndefined();
  });

  it("follows the record that is stored, by its version and generation", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(
      { ...expired, refreshToken: undefined, refreshFp: undefined, generation: 7 },
      consumerKey,
    );
    expect(await test.auth.getAccessToken()).toBe("access-2");
    expect(await test.stored(consumerKey)).toMatchObject({ generation: 8 });
  });

  it("takes what another process has stored, without sending", async () => {
    const test = createAuthUnderTest();
    await test.store({ accessToken: "access-9", refreshToken: undefined }, consumerKey);
    expect(await test.auth.getAccessToken()).toBe("access-9");
  });
});

describe("getAccessToken(), with a token's last seconds, when the refresh fails", () => {
  async function tokenWithLeft(ms: number, answer: CannedAnswer = down): Promise<AuthUnderTest> {
    const test = createAuthUnderTest([answer]);
    await test.store({ obtainedAt: startOfTest - 7_140_000, accessExpiresAt: startOfTest + ms });
    return test;
  }
  const failedRequest = { code: "token_request_failed" };

  it("serves them while Bitbucket is down, and tells of the failure", async () => {
    const test = await tokenWithLeft(1_001);
    const failed = test.hear("failed");
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(failed).toMatchObject([{ account: "ann", ...failedRequest }]);
  });

  it("keeps the very last second, which would be over on the way", async () => {
    const test = await tokenWithLeft(1_000);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(failedRequest);
  });

  it("serves no caller less than was asked for", async () => {
    const test = await tokenWithLeft(20_000);
    const demanding = test.auth.getAccessToken("ann", { minValidityMs: 20_000 });
    expect(await rejectionOf(demanding)).toMatchObject(failedRequest);
    expect(await test.auth.getAccessToken("ann", { minValidityMs: 19_999 })).toBe("access-1");
  });

  it("does not serve a token to the caller that rejects it", async () => {
    const test = await tokenWithLeft(20_000);
    const rejecting = test.auth.getAccessToken("ann", { rejected: "access-1" });
    expect(await rejectionOf(rejecting)).toMatchObject(failedRequest);
    expect(await test.auth.getAccessToken("ann", { rejected: "access-0" })).toBe("access-1");
  });

  it.each([
    ["the grant is dead", dead, "refresh_rejected"],
    ["the consumer is set up wrongly", misconfigured, "token_request_rejected"],
  ] as const)("does not hide behind them that %s", async (_what, answer, code) => {
    const test = await tokenWithLeft(20_000, answer);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code });
  });

  it("sends nothing for them again while the failure cools down", async () => {
    const test = await tokenWithLeft(20_000);
    await test.auth.getAccessToken("ann");
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(test.sent()).toHaveLength(1);
  });

  it("has none to serve where nothing was stored before", async () => {
    const test = createAuthUnderTest([down]);
    expect(await rejectionOf(test.auth.getAccessToken())).toMatchObject(failedRequest);
  });
});

describe("keepAlive()", () => {
  const old = { olderThanMs: hour };

  it("refreshes a grant that is older although its token is fresh, and serves the new token", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(61));
    expect(await test.auth.keepAlive(old)).toEqual({ checked: 1, refreshed: 1, failed: 0, failures: [] });
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
    const reads = test.calls.get.length;
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.calls.get).toHaveLength(reads);
    expect(test.events).toEqual(["refreshed"]);
  });

  it.each([
    ["a grant that is not older", minutesOld(60)],
    [
      "a grant without a refresh token",
      { ...minutesOld(119), refreshToken: undefined, refreshFp: undefined },
    ],
  ])("skips %s, and takes no lease to find out", async (_what, record) => {
    const test = createAuthUnderTest();
    await test.store(record);
    expect(await test.auth.keepAlive(old)).toMatchObject({ checked: 1, refreshed: 0, failed: 0 });
    expect([test.calls.tryLease, test.sent()]).toEqual([[], []]);
  });

  it("goes by what is stored and not by what is in memory", async () => {
    const test = createAuthUnderTest();
    await test.store(minutesOld(61));
    await test.auth.getAccessToken("ann");
    await test.store({ ...minutesOld(0), accessToken: "access-2" });
    expect(await test.auth.keepAlive(old)).toMatchObject({ refreshed: 0 });
  });

  it("sends once for two walks at the same time, whichever BitbucketAuth they belong to", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(61));
    const reports = await Promise.all([test.auth.keepAlive(old), test.another().keepAlive(old)]);
    expect(test.sent()).toEqual(["refresh-1"]);
    // The other found it refreshed, which is as good.
    expect(reports.map(({ refreshed }) => refreshed)).toEqual([1, 1]);
  });

  it("counts a refresh as done although the storage would not take it yet", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(61));
    test.script("compareAndSwap", "works", storageDown, storageDown);
    expect(await test.auth.keepAlive(old)).toMatchObject({ refreshed: 1 });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    await test.auth.close();
  });

  it("reports a grant that is dead or cannot be refreshed now, and goes on with the next", async () => {
    const test = createAuthUnderTest([dead, down, grants(2)]);
    for (const account of ["ann", "bob", "eve"])
      await test.store(
        { ...minutesOld(61), refreshToken: `of ${account}`, refreshFp: account },
        keyOf(account),
      );
    expect(await test.auth.keepAlive(old)).toMatchObject({
      checked: 3,
      refreshed: 1,
      failures: [
        { account: "ann", error: { code: "refresh_rejected" } },
        { account: "bob", error: { code: "token_request_failed" } },
      ],
    });
    expect(await test.stored()).toMatchObject({ status: "reauth_required" });
  });

  it("walks over signed-in accounts only, and refreshes by default what is older than eight weeks", async () => {
    const test = createAuthUnderTest([grants(2)]);
    const weeks = (count: number): object => {
      const obtainedAt = startOfTest - count * 7 * 24 * hour;
      return { obtainedAt, accessExpiresAt: obtainedAt + 2 * hour };
    };
    await test.store(weeks(9), keyOf("a/b"));
    await test.store(weeks(7), keyOf("young"));
    await test.store(activeRecord({ refreshToken: undefined }), consumerKey);
    expect(await test.auth.keepAlive()).toMatchObject({ checked: 2, refreshed: 1 });
  });

  it("tells how far it has come after each grant, and stops between two when its signal fires", async () => {
    const test = createAuthUnderTest([grants(2), grants(3)]);
    await test.store(minutesOld(61), keyOf("ann"));
    await test.store(minutesOld(61), keyOf("bob"));
    const stopping = new AbortController();
    const reason = new Error("shutting down");
    const seen: unknown[] = [];
    const onProgress = (progress: object): void => {
      seen.push(progress);
      stopping.abort(reason);
    };
    const walk = test.auth.keepAlive({ ...old, onProgress, signal: stopping.signal });
    expect(await rejectionOf(walk)).toBe(reason);
    expect(seen).toEqual([{ checked: 1, refreshed: 1, failed: 0 }]);
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("ends with the storage's error when the storage fails", async () => {
    const test = createAuthUnderTest();
    await test.store(minutesOld(61));
    test.script("get", storageDown);
    expect(await rejectionOf(test.auth.keepAlive(old))).toMatchObject({ code: "storage_failed" });
  });

  it("skips an account that signs out while the walk is on its way", async () => {
    const test = createAuthUnderTest();
    await test.store(minutesOld(61));
    const { get } = test.storage;
    test.storage.get = async (...args) => {
      await test.another().signOut("ann");
      return get(...args);
    };
    expect(await test.auth.keepAlive(old)).toMatchObject({ checked: 1, refreshed: 0, failed: 0 });
  });
});
