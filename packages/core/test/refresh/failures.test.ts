import {
  type AuthUnderTest,
  badGateway,
  createAuthUnderTest,
  dead,
  doubtful,
  down,
  due,
  expired,
  fails,
  freshTokens,
  grants,
  keyOf,
  lostAnswer,
  minutesOld,
  misconfigured,
  nonsense,
  startOfTest,
  unsent,
} from "../auth-under-test.ts";
import { type CannedAnswer, jsonResponse } from "../fake-fetch.ts";
import { deferred, held, rejectionOf, until } from "../promises.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const interrupted = {
  attempt: "of a process that was killed",
  startedAt: startOfTest - 60_000,
  refreshFp: "fingerprint-of-refresh-1",
};

/** A failure as another process has noted it. */
function noted(agoMs: number, forMs: number): { code: string; at: number; count: number; retryAt: number } {
  return { code: "token_request_failed", at: startOfTest - agoMs, count: 1, retryAt: startOfTest + forMs };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets pauses pass until the call has ended. */
async function ended<T>(call: Promise<T>): Promise<T> {
  let over = false;
  void call.catch(() => undefined).finally(() => (over = true));
  await until(() => {
    if (!over && vi.getTimerCount() > 0) vi.advanceTimersByTime(1);
    return over;
  });
  return call;
}

describe("a request whose answer is no token", () => {
  it.each<readonly [string, CannedAnswer, number, string]>([
    ["that never left is sent three times more", unsent, 4, "token_request_failed"],
    ["whose answer was lost is sent once more", lostAnswer, 2, "token_request_failed"],
    ["answered with 502 is sent once more", badGateway, 2, "token_request_failed"],
    ["answered with 503 is not repeated", down, 1, "token_request_failed"],
    ["answered with nonsense is not repeated", nonsense, 1, "token_response_invalid"],
    ["answered with invalid_grant is not repeated", dead, 1, "refresh_rejected"],
    ["answered with unauthorized_client is not repeated", doubtful, 1, "refresh_rejected"],
    ["answered with invalid_client is not repeated", misconfigured, 1, "token_request_rejected"],
  ])("%s", async (_what, answer, times, code) => {
    const test = createAuthUnderTest([answer]);
    await test.store(expired);
    expect(await ended(rejectionOf(test.auth.getAccessToken("ann")))).toMatchObject({ code });
    expect(test.sent()).toHaveLength(times);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(test.sent()).toHaveLength(times);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that never left is tried again later each time", async () => {
    const test = createAuthUnderTest([unsent], { random: () => 0.5 });
    await test.store({ ...expired, refreshFp: "known" });
    const asking = rejectionOf(test.auth.getAccessToken("ann"));
    const counts: number[] = [];
    for (const ms of [0, 50, 100, 200, 5_000]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(test.sent().length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 4]);
    await asking;
  });

  it.each<readonly [string, readonly CannedAnswer[], boolean]>([
    ["a later try of what never left", [unsent, unsent], false],
    ["the re-send of what was lost", [lostAnswer], true],
    ["a later try of a re-send that never left", [lostAnswer, unsent], true],
  ])("is followed by tokens of %s", async (_what, answers, recovered) => {
    const test = createAuthUnderTest([...answers, grants(2)]);
    await test.store(expired);
    const refreshed = test.hear("refreshed");
    expect(await ended(test.auth.getAccessToken("ann"))).toBe("access-2");
    expect(test.sent()).toHaveLength(answers.length + 1);
    expect(refreshed).toMatchObject([{ recovered }]);
  });

  it("is not sent again after an attempt of another process that was cut short", async () => {
    const test = createAuthUnderTest([lostAnswer]);
    await test.store({ ...expired, pending: interrupted });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "token_request_failed",
    });
    expect(test.sent()).toHaveLength(1);
    expect(await test.stored()).toMatchObject({ pending: interrupted, status: "active" });
  });

  it("is not sent again past the time limit", async () => {
    const test = createAuthUnderTest([unsent], { random: () => 0.999, timeoutMs: 150 });
    await test.store(expired);
    await ended(rejectionOf(test.auth.getAccessToken("ann")));
    expect(test.sent()).toHaveLength(2);
  });

  it("is not sent again when the time limit is what ended it", async () => {
    const test = createAuthUnderTest([() => new Promise(() => undefined)], { timeoutMs: 1_000 });
    await test.store(expired);
    const asking = rejectionOf(test.auth.getAccessToken("ann"));
    await until(() => test.sent().length > 0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await asking).toMatchObject({ code: "token_request_failed" });
    expect(test.sent()).toHaveLength(1);
    expect(test.requests[0]?.signal?.aborted).toBe(true);
  });

  it("is not sent again once the owner has closed", async () => {
    const test = createAuthUnderTest([unsent], { random: () => 0.5 });
    await test.store(expired);
    const asking = rejectionOf(test.auth.getAccessToken("ann"));
    await until(() => test.sent().length > 0);
    await test.auth.close();
    expect(await asking).toMatchObject({ code: "closed" });
    expect(test.sent()).toHaveLength(1);
  });
});

describe("what a failed refresh leaves in the record", () => {
  it.each<readonly [string, CannedAnswer, object]>([
    ["never left", unsent, { failure: { code: "token_request_failed", retryAt: startOfTest + 5_000 } }],
    ["lost", lostAnswer, { pending: {}, failure: { code: "token_request_failed" } }],
    ["502", badGateway, { pending: {}, failure: { code: "token_request_failed" } }],
    ["503", down, { failure: { code: "token_request_failed", count: 1, retryAt: startOfTest + 5_000 } }],
    ["nonsense", nonsense, { pending: {}, failure: { code: "token_response_invalid" } }],
    ["invalid_client", misconfigured, { failure: { code: "token_request_rejected" } }],
    [
      "unauthorized_client",
      doubtful,
      { failure: { code: "refresh_rejected", reason: "rejected", retryAt: startOfTest + 30_000 } },
    ],
    ["invalid_grant", dead, { status: "reauth_required", failure: { code: "refresh_rejected" } }],
  ])("after %s: the tokens, and what every process has to know", async (_what, answer, expected) => {
    const test = createAuthUnderTest([answer]);
    await test.store(expired);
    await ended(rejectionOf(test.auth.getAccessToken("ann")));
    const record = await test.stored();
    expect(record).toMatchObject({
      status: "active",
      accessToken: "access-1",
      refreshToken: "refresh-1",
      ...expected,
    });
    expect(record?.pending !== undefined).toBe("pending" in expected);
  });

  it("is as long a rest as Bitbucket asked for, where that is longer than our own", async () => {
    for (const [asked, restMs] of [
      ["90", 90_000],
      ["1", 5_000],
    ] as const) {
      const busy = new Response("", { status: 429, headers: { "retry-after": asked } });
      const test = createAuthUnderTest([busy]);
      await test.store(expired);
      await rejectionOf(test.auth.getAccessToken("ann"));
      expect((await test.stored())?.failure?.retryAt).toBe(startOfTest + restMs);
      await rejectionOf(test.auth.getAccessToken());
      test.clock.move(restMs - 1);
      const before = test.sent().length;
      await rejectionOf(test.auth.getAccessToken());
      expect(test.sent()).toHaveLength(before);
    }
  });

  it("counts failures of one kind in a row, each resting longer, and begins again with another kind", async () => {
    const test = createAuthUnderTest([down, down, doubtful]);
    await test.store(expired);
    const rests: unknown[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      await rejectionOf(test.auth.getAccessToken("ann"));
      const { failure } = (await test.stored()) ?? {};
      rests.push([failure?.count, (failure?.retryAt ?? 0) - test.clock.now()]);
      test.clock.move(60_000);
    }
    expect(rests).toEqual([
      [1, 5_000],
      [2, 10_000],
      [1, 30_000],
    ]);
  });

  it("is nothing after the next success", async () => {
    const test = createAuthUnderTest([down, grants(2)]);
    await test.store(expired);
    await rejectionOf(test.auth.getAccessToken("ann"));
    test.clock.move(5_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(await test.stored()).not.toHaveProperty("failure");
  });

  it("stays with this process when the storage does not take it", async () => {
    const test = createAuthUnderTest([down]);
    await test.store(expired);
    const storageFailed = test.hear("storageFailed");
    test.script("compareAndSwap", "works", ...fails(2));
    const error = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(await test.stored()).not.toHaveProperty("failure");
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toBe(error);
    expect([test.sent().length, storageFailed]).toMatchObject([1, [{ account: "ann" }]]);
  });

  it("does not bring back an account that signed out meanwhile", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.another().signOut("ann");
        return jsonResponse({ error: "invalid_grant" }, { status: 400 });
      },
    ]);
    await test.store(expired);
    await rejectionOf(test.auth.getAccessToken("ann"));
    expect(await test.stored()).toBeUndefined();
  });

  it("gives way to another refresh token that another process stored meanwhile", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ accessToken: "access-9", refreshToken: "refresh-9", refreshFp: "fp-9" });
        return new Response("", { status: 503 });
      },
    ]);
    await test.store(expired);
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect(await test.stored()).not.toHaveProperty("failure");
  });

  it("is given up when another process wrote about the same refresh token", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ ...expired, generation: 9 });
        return new Response("", { status: 503 });
      },
    ]);
    await test.store(expired);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "token_request_failed",
    });
    expect(await test.stored()).toMatchObject({ generation: 9 });
  });
});

describe("the cool-down after a failure", () => {
  it("gives later callers the same error, without sending, also for the consumer's own token", async () => {
    for (const account of ["ann", undefined]) {
      const test = createAuthUnderTest([down, grants(2)]);
      await test.store(expired);
      const ask = (): Promise<string> =>
        account === undefined ? test.auth.getAccessToken() : test.auth.getAccessToken(account);
      const error = await rejectionOf(ask());
      test.clock.move(4_999);
      expect(await rejectionOf(ask())).toBe(error);
      expect(test.sent()).toHaveLength(1);
      test.clock.move(1);
      expect(await ask()).toBe("access-2");
    }
  });

  it("grows with each failure for the consumer too, where nothing is stored", async () => {
    const test = createAuthUnderTest([misconfigured]);
    await rejectionOf(test.auth.getAccessToken());
    test.clock.move(5_000);
    await rejectionOf(test.auth.getAccessToken());
    test.clock.move(9_999);
    await rejectionOf(test.auth.getAccessToken());
    expect(test.sent()).toHaveLength(2);
    test.clock.move(1);
    await rejectionOf(test.auth.getAccessToken());
    expect(test.sent()).toHaveLength(3);
  });

  it("that another process noted is kept to, and looked up once", async () => {
    const test = createAuthUnderTest();
    await test.store({ ...expired, failure: noted(0, 10_000) });
    const error = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(error).toMatchObject({
      code: "token_request_failed",
      account: "ann",
      retryAt: startOfTest + 10_000,
    });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toBe(error);
    expect(test.sent()).toEqual([]);
  });

  it("that another process noted a while ago ends when that process's does", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store({ ...expired, failure: noted(20_000, 10_000) });
    await rejectionOf(test.auth.getAccessToken("ann"));
    test.clock.move(9_999);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "token_request_failed",
    });
    test.clock.move(1);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("that another process noted for a refused grant says so, and doubts it", async () => {
    const test = createAuthUnderTest();
    const failure = { ...noted(0, 10_000), code: "refresh_rejected", reason: "lost_rotation" } as const;
    await test.store({ ...expired, failure });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
      reason: "lost_rotation",
      retryAt: startOfTest + 10_000,
      account: "ann",
    });
  });

  it("is not held against another refresh token", async () => {
    const test = createAuthUnderTest([down, grants(2)]);
    await test.store(expired);
    await rejectionOf(test.auth.getAccessToken("ann"));
    await test.store({ ...expired, refreshToken: "refresh-9", refreshFp: "fp-9" });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("is not held against another refresh token ahead of need either", async () => {
    const busy = new Response("", { status: 429, headers: { "retry-after": "86400" } });
    const test = createAuthUnderTest([busy, grants(2)]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await until(() => test.events.includes("failed"));
    await test.store({ ...due, accessToken: "access-9", refreshToken: "refresh-9", refreshFp: "fp-9" });
    test.clock.move(60_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    await until(() => test.events.includes("refreshed"));
    expect(test.sent()).toEqual(["refresh-1", "refresh-9"]);
  });

  it("is not held against a sign-in that came after it, neither when needed nor ahead of need", async () => {
    const busy = new Response("", { status: 429, headers: { "retry-after": "86400" } });
    const test = createAuthUnderTest([busy, grants(2), grants(3)]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await until(() => test.events.includes("failed"));
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    test.clock.move(106 * 60_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await until(() => test.events.includes("refreshed"));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("is not held against another account", async () => {
    const test = createAuthUnderTest([down, grants(2)]);
    await test.store(expired);
    await test.store({ ...expired, refreshToken: "of-bob" }, keyOf("bob"));
    await rejectionOf(test.auth.getAccessToken("ann"));
    expect(await test.auth.getAccessToken("bob")).toBe("access-2");
  });
});

describe("a grant that Bitbucket refuses", () => {
  it("is dead for certain after invalid_grant, and nothing is sent for it until another token is stored", async () => {
    const test = createAuthUnderTest([dead, grants(2)]);
    await test.store(expired);
    const certain = { code: "refresh_rejected", certainty: "certain", action: "reauthorize" };
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      ...certain,
      status: 400,
      oauthError: "invalid_grant",
    });
    test.clock.move(3_600_000);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(certain);
    expect(await rejectionOf(test.another().getAccessToken("ann"))).toMatchObject(certain);
    expect(test.sent()).toEqual(["refresh-1"]);
    await test.store({ ...expired, refreshToken: "refresh-9", refreshFp: "fp-9" });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("is kept after unauthorized_client, and tried again after the rest", async () => {
    const test = createAuthUnderTest([doubtful, grants(2)]);
    await test.store(expired);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
      retryAt: startOfTest + 30_000,
      oauthError: "unauthorized_client",
    });
    test.clock.move(30_000);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it.each([dead, doubtful])(
    "is a lost rotation when an earlier answer never came, and reuse is suspected",
    async (answer) => {
      for (const [record, answers] of [
        [{ ...expired, pending: interrupted }, [answer]],
        [expired, [lostAnswer, answer]],
      ] as const) {
        const test = createAuthUnderTest(answers);
        await test.store(record);
        const suspected = test.hear("reuseSuspected");
        expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
          code: "refresh_rejected",
          reason: "lost_rotation",
        });
        expect(suspected).toEqual([{ account: "ann" }]);
      }
    },
  );

  it("is no lost rotation because of an announcement about another refresh token", async () => {
    const test = createAuthUnderTest([doubtful]);
    await test.store({ ...expired, pending: { ...interrupted, refreshFp: "of an older token" } });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ reason: "rejected" });
    expect(test.events).not.toContain("reuseSuspected");
  });

  it("keeps the time of an attempt that was cut short", async () => {
    const test = createAuthUnderTest([doubtful]);
    await test.store({ ...expired, pending: interrupted });
    await rejectionOf(test.auth.getAccessToken("ann"));
    expect(await test.stored()).toMatchObject({ pending: interrupted });
  });
});

describe("a token that the API has just refused", () => {
  const rejected = { rejected: "access-1" };

  it("is refreshed when it is older than a minute, whatever life it has left", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store();
    test.clock.move(60_000);
    expect(await test.auth.getAccessToken("ann", rejected)).toBe("access-2");
  });

  it("is not refreshed again within a minute of its refresh, and the error says when it would be", async () => {
    const test = createAuthUnderTest();
    await test.store();
    test.clock.move(59_999);
    expect(await rejectionOf(test.auth.getAccessToken("ann", rejected))).toMatchObject({
      code: "access_token_rejected",
      retryAt: startOfTest + 60_000,
      account: "ann",
    });
    expect(test.sent()).toEqual([]);
  });

  it("is not renewed within a minute of a sign-in, nor the consumer's own within a minute of its request", async () => {
    const test = createAuthUnderTest([grants(1), grants(2), grants(3)]);
    const { transaction } = await test.auth.startAuthorization();
    const callback = `?code=code&state=${transaction.state}`;
    await test.auth.finishAuthorization({ callback, transaction, account: "ann" });
    const wrongCall = { code: "access_token_rejected", action: "fix_config", transient: false };
    expect(await rejectionOf(test.auth.getAccessToken("ann", rejected))).toMatchObject(wrongCall);
    const own = await test.auth.getAccessToken();
    for (let call = 0; call < 20; call++)
      expect(await rejectionOf(test.auth.getAccessToken({ rejected: own }))).toMatchObject(wrongCall);
    expect(test.requests).toHaveLength(2);
    test.clock.move(60_000);
    expect(await test.auth.getAccessToken({ rejected: own })).not.toBe(own);
  });

  it("is renewed at once when it was handed in: its age is not known", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(await test.auth.getAccessToken("ann", rejected)).toBe("access-2");
  });

  it("is no cause for a token request by fetchFor(), however often the API refuses a fresh token", async () => {
    const refused = jsonResponse({ type: "error", error: { message: "not supported" } }, { status: 401 });
    const test = createAuthUnderTest([({ method }) => (method === "POST" ? grants(2) : refused.clone())]);
    const codes = new Set<unknown>();
    for (let call = 0; call < 20; call++) {
      const error = await rejectionOf(test.auth.fetchFor()("/2.0/user"));
      codes.add(error instanceof Error && "code" in error ? error.code : error);
    }
    expect([...codes]).toEqual(["access_token_rejected"]);
    expect(test.sent()).toEqual(["consumer"]);
  });

  it("is not held against a caller that rejects no token, nor against one that rejects another", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await rejectionOf(test.auth.getAccessToken("ann", rejected));
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(await test.auth.getAccessToken("ann", { rejected: "access-0" })).toBe("access-1");
  });

  it("is refreshed when its age is below zero, which a clock set back makes", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(minutesOld(-20));
    expect(await test.auth.getAccessToken("ann", rejected)).toBe("access-2");
  });
});

describe("a lockout of the whole consumer", () => {
  const lockedOut: CannedAnswer = jsonResponse({ error: "unauthorized_client" }, { status: 401 });

  async function refusedTwice(): Promise<AuthUnderTest> {
    const test = createAuthUnderTest([lockedOut]);
    for (const account of ["ann", "bob", "eve"])
      await test.store({ ...expired, refreshToken: `of-${account}` }, keyOf(account));
    await rejectionOf(test.auth.getAccessToken("ann"));
    await rejectionOf(test.auth.getAccessToken("bob"));
    return test;
  }

  it("stops every grant after the second refusal, and says until when", async () => {
    const test = await refusedTwice();
    const blocked = { code: "token_request_failed", retryAt: startOfTest + 20_000, account: "eve" };
    expect(await rejectionOf(test.auth.getAccessToken("eve"))).toMatchObject(blocked);
    expect(test.sent()).toEqual(["of-ann", "of-bob"]);
    // Nothing was announced for a request that is not made.
    expect(await test.stored(keyOf("eve"))).not.toHaveProperty("pending");
  });

  it("is over with the first probe that Bitbucket accepts", async () => {
    const test = createAuthUnderTest([lockedOut, lockedOut, grants(2)]);
    for (const account of ["ann", "bob", "eve"]) await test.store(expired, keyOf(account));
    await rejectionOf(test.auth.getAccessToken("ann"));
    await rejectionOf(test.auth.getAccessToken("bob"));
    test.clock.move(20_000);
    expect(await test.auth.getAccessToken("eve")).toBe("access-2");
    expect(test.events).toContain("consumerUnblocked");
  });

  it("is told of with the time of the next probe", async () => {
    const test = createAuthUnderTest([lockedOut]);
    const blocked = test.hear("consumerBlocked");
    await test.store(expired, keyOf("ann"));
    await test.store(expired, keyOf("bob"));
    await rejectionOf(test.auth.getAccessToken("ann"));
    await rejectionOf(test.auth.getAccessToken("bob"));
    expect(blocked).toEqual([{ retryAt: startOfTest + 20_000 }]);
  });

  it("keeps no probe waiting for ever when the probe ends with an error of the storage", async () => {
    const test = createAuthUnderTest([lockedOut, grants(2)]);
    for (const account of ["ann", "bob", "eve"]) await test.store(expired, keyOf(account));
    await rejectionOf(test.auth.getAccessToken("ann"));
    test.script("compareAndSwap", ...fails(2));
    expect(await rejectionOf(test.auth.getAccessToken("bob"))).toMatchObject({ code: "storage_failed" });
    expect(await test.auth.getAccessToken("eve")).toBe("access-2");
  });

  it("gives a request its whole time, however long it waited for another's answer that decides", async () => {
    const [probe, late] = [held(grants(2)), deferred<Response>()];
    const test = createAuthUnderTest([lockedOut, probe.give, () => late.promise]);
    for (const account of ["ann", "bob", "eve"]) await test.store(expired, keyOf(account));
    await rejectionOf(test.auth.getAccessToken("ann"));
    const probing = test.auth.getAccessToken("bob");
    await probe.asked;
    const waiting = test.auth.getAccessToken("eve");
    await vi.advanceTimersByTimeAsync(9_000);
    probe.release();
    await probing;
    await until(() => test.sent().length === 3);
    await vi.advanceTimersByTimeAsync(9_000);
    late.resolve(grants(3));
    expect(await waiting).toBe("access-3");
  });
});
