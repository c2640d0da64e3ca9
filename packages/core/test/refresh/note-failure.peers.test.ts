import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RefreshRejectedError } from "../../src/errors.ts";
import { noteFailure } from "../../src/refresh/note-failure.ts";
import type { RefreshFailure } from "../../src/refresh/refresh-failure.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import { hear } from "./manager-under-test.ts";
import {
  activeRecord,
  ann,
  createRefreshUnderTest,
  startOfTest,
  type RefreshUnderTest,
} from "./refresh-under-test.ts";

const refused: RefreshFailure = {
  error: new RefreshRejectedError("dead", { certainty: "certain" }),
  failure: { code: "refresh_rejected", at: startOfTest, count: 1, reason: "rejected" },
  status: "reauth_required",
  keepPending: false,
};

/** Notes a refusal over a storage that other processes share. */
async function note(test: RefreshUnderTest, failure = refused): Promise<TokenRecord | undefined> {
  const { context, scripted } = test;
  Object.assign(scripted.storage, { caps: { ...scripted.storage.caps, lease: "distributed" } });
  await context.store.replace(ann.key, null, activeRecord());
  const intent = await context.store.read(ann.key);
  if (!intent) throw new Error("nothing is stored");
  return noteFailure(context, ann, failure, intent);
}

/** Whether it is over; reading it does not wait. */
function watch(promise: Promise<unknown>): { over: boolean } {
  const watched = { over: false };
  void promise.finally(() => (watched.over = true));
  return watched;
}

const policy = refreshPolicy({ jitterMs: 0 }, () => 0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a refusal where other processes may be about to write", () => {
  it("is noted after a second in which no other refresh token came", async () => {
    const test = createRefreshUnderTest([], { policy });
    const noting = note(test);
    const watched = watch(noting);
    await vi.advanceTimersByTimeAsync(999);
    expect(watched.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await noting).toBeUndefined();
    expect((await test.context.store.read(ann.key))?.record.status).toBe("reauth_required");
  });

  it("is looked into at once, before any pause", async () => {
    const test = createRefreshUnderTest([], { policy });
    const noting = note(test);
    await vi.advanceTimersByTimeAsync(0);
    expect(test.scripted.calls.get).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    await noting;
  });

  it("does not keep an owner waiting that closes", async () => {
    const test = createRefreshUnderTest([], { policy });
    const noting = note(test);
    const watched = watch(noting);
    await vi.advanceTimersByTimeAsync(10);
    test.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(watched.over).toBe(true);
    expect((await test.context.store.read(ann.key))?.record.status).toBe("reauth_required");
  });

  it("is called a suspected reuse only when an earlier answer was lost, and for whose grant", async () => {
    const test = createRefreshUnderTest();
    const suspected = hear(test, "reuseSuspected");
    const noting = note(test);
    await vi.runAllTimersAsync();
    await noting;
    expect(suspected).toEqual([]);
    const another = createRefreshUnderTest();
    const suspectedThen = hear(another, "reuseSuspected");
    const notingThen = note(another, {
      ...refused,
      failure: { ...refused.failure, reason: "lost_rotation" },
    });
    await vi.runAllTimersAsync();
    await notingThen;
    expect(suspectedThen).toEqual([{ account: "ann" }]);
  });
});
