import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createAuthUnderTest,
  due,
  expired,
  freshTokens,
  grants,
  hour,
  minute,
  startOfTest,
} from "../auth-under-test.ts";
import { jsonResponse } from "../fake-fetch.ts";
import { held, isSettled, turn, until } from "../promises.ts";

/** As where a platform ends what a request began with its response: from then on it neither answers nor times out. */
const never = (): Promise<never> => new Promise(() => undefined);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a caller that joins a look-up which never ends", () => {
  it("looks for itself after a limit of its own, and every later caller joins that", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const { get } = test.storage;
    test.storage.get = never;
    // The request that began this one is over, and its timers with it.
    vi.useRealTimers();
    const { setTimeout: realSetTimeout } = globalThis;
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    void test.auth.getAccessToken("ann").catch(() => undefined);
    globalThis.setTimeout = realSetTimeout;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    test.storage.get = get;
    const [joined, other] = [test.auth.getAccessToken("ann"), test.auth.getAccessToken("ann")];
    await vi.advanceTimersByTimeAsync(14_999);
    expect(await isSettled(joined)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([joined, other])).toEqual(["access-2", "access-2"]);
    expect([test.sent(), vi.getTimerCount()]).toEqual([["refresh-1"], 0]);
    // Nothing that never ends is waited for.
    await test.auth.close();
  });

  it("does not wait longer for a refresh ahead of need that never ends", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(due);
    const { tryLease } = test.storage;
    test.storage.tryLease = never;
    const { setTimeout: fakeSetTimeout } = globalThis;
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await turn();
    globalThis.setTimeout = fakeSetTimeout;
    test.storage.tryLease = tryLease;
    test.clock.move(10 * minute);
    const asking = test.auth.getAccessToken("ann");
    await until(() => vi.getTimerCount() > 0);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(await isSettled(asking)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toBe("access-2");
    await test.auth.close();
  });

  it("goes on waiting for one that waits for the lease of another process, however long", async () => {
    const test = createAuthUnderTest([grants(2)], {
      refresh: { pollMs: [50, 250], contentionMs: 120_000, leaseMs: 120_000 },
    });
    await test.store(expired);
    const lease = await test.takeLease();
    const first = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    await lease?.renew(hour);
    const joined = test.auth.getAccessToken("ann");
    for (let seconds = 0; seconds < 60; seconds++) {
      await vi.advanceTimersByTimeAsync(1_000);
      test.clock.move(1_000);
    }
    expect(await isSettled(joined)).toBe(false);
    const owners = test.calls.tryLease.map(([, given]) => JSON.stringify(given));
    expect([owners.length > 100, new Set(owners).size]).toEqual([true, 1]);
    await lease?.release();
    expect(await Promise.all([first, joined])).toEqual(["access-2", "access-2"]);
    expect(test.events.filter((name) => name === "joined")).toHaveLength(1);
  });

  it("is served when the caller that began the look-up leaves", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const leaving = new AbortController();
    const left = test.auth.getAccessToken("ann", { signal: leaving.signal }).catch(() => "left");
    const joined = test.auth.getAccessToken("ann");
    await answer.asked;
    leaving.abort();
    expect(await left).toBe("left");
    answer.release();
    expect(await joined).toBe("access-2");
    expect(test.sent()).toEqual(["refresh-1"]);
  });
});

describe("waitUntil", () => {
  it("of createBitbucketAuth() is told of a look-up and of a refresh ahead of need, by promises that never reject", async () => {
    const kept: Promise<unknown>[] = [];
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give], { waitUntil: (work) => void kept.push(work) });
    await test.store(due);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(kept).toHaveLength(2);
    await answer.asked;
    expect(await isSettled(Promise.all(kept))).toBe(false);
    answer.release();
    await Promise.all(kept);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it.each<readonly [string, (waitUntil: (work: Promise<unknown>) => void) => Promise<unknown>]>([
    ["getAccessToken()", (waitUntil) => busy().auth.getAccessToken("ann", { waitUntil })],
    ["getTokens()", (waitUntil) => busy().auth.getTokens("ann", { waitUntil })],
    ["fetchFor()", (waitUntil) => busy().auth.fetchFor("ann", { waitUntil })("/2.0/user")],
  ])("of one call of %s takes the place of the other", async (_which, call) => {
    const kept: Promise<unknown>[] = [];
    await call((work) => void kept.push(work)).catch(() => undefined);
    expect(kept.length).toBeGreaterThan(0);
    await Promise.all(kept);
  });

  it("is told of a look-up that fails, without an unhandled rejection", async () => {
    const kept: Promise<unknown>[] = [];
    const { auth } = createAuthUnderTest();
    await auth.getAccessToken("ann", { waitUntil: (work) => void kept.push(work) }).catch(() => undefined);
    await expect(Promise.all(kept)).resolves.toHaveLength(1);
  });

  it("is told of saving what the storage would not take", async () => {
    const kept: Promise<unknown>[] = [];
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const down = { before: new Error("down") };
    test.script("compareAndSwap", "works", down, down);
    await test.auth.getAccessToken("ann", { waitUntil: (work) => void kept.push(work) });
    expect(kept).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await Promise.all(kept);
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("that throws, because the response was sent already, fails no caller", async () => {
    const test = createAuthUnderTest([grants(2)], {
      waitUntil() {
        throw new Error("too late");
      },
    });
    await test.store(expired);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  function busy(): ReturnType<typeof createAuthUnderTest> {
    const made = createAuthUnderTest([jsonResponse({})], {
      waitUntil: () => expect.unreachable("the call has its own"),
    });
    void made.auth.saveTokens("ann", freshTokens(made.clock));
    made.clock.move(-1);
    return made;
  }
});

describe("fifty calls with one AbortSignal", () => {
  it("have one listener on it, and none afterwards", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const warnings: unknown[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", onWarning);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 50 }, () => test.auth.getAccessToken("ann", { signal }));
    await answer.asked;
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    answer.release();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["access-2"]));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await turn();
    process.removeListener("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("of which one is aborted frees all", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const leaving = new AbortController();
    const calls = Array.from({ length: 50 }, () =>
      test.auth.getAccessToken("ann", { signal: leaving.signal }).catch((error: unknown) => error),
    );
    await answer.asked;
    leaving.abort("gone");
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["gone"]));
    answer.release();
    await test.auth.close();
    expect(startOfTest).toBeGreaterThan(0);
  });
});
