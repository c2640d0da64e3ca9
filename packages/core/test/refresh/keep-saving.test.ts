import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepSaving } from "../../src/refresh/keep-saving.ts";
import type { LeaseHold } from "../../src/refresh/lease-hold.ts";
import type { RefreshContext } from "../../src/refresh/refresh-context.ts";
import type { SavedLate } from "../../src/refresh/keep-saving.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import { activeRecord, ann, createRefreshUnderTest, type RefreshUnderTest } from "./refresh-under-test.ts";

const mine = activeRecord({ accessToken: "access-2", refreshFp: "fp-2", parentFp: "fp-1" });
const redemption = { version: null, redeemedFp: "fp-1", mine, recovered: false };
const down = { before: new Error("down") };

interface Saving extends RefreshUnderTest {
  readonly counts: { released: number; handedOut: TokenRecord[] };
  start(overrides?: Partial<RefreshContext>): Promise<SavedLate | undefined>;
}

function saving(): Saving {
  const under = createRefreshUnderTest();
  const counts = { released: 0, handedOut: [] as TokenRecord[] };
  const hold: LeaseHold = {
    fence: 1,
    confirm: async () => true,
    release: async () => void counts.released++,
  };
  const onUnpersisted: RefreshContext["onUnpersisted"] = (_account, record) =>
    void counts.handedOut.push(record);
  return {
    ...under,
    counts,
    start: (overrides) =>
      keepSaving({ ...under.context, onUnpersisted, ...overrides }, ann, hold, redemption),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("keepSaving()", () => {
  it("goes on until the storage takes the tokens, and only then lets go of the lease", async () => {
    const { scripted, events, counts, context, start } = saving();
    scripted.script("compareAndSwap", ...Array.from({ length: 8 }, () => down));
    const saved = start();
    await vi.advanceTimersByTimeAsync(125 + 250 + 500 + 1_000 - 1);
    expect(counts.released).toBe(0);
    expect(await context.store.read(ann.key)).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await saved).toEqual({ record: mine, attempts: 5 });
    expect((await context.store.read(ann.key))?.record).toEqual(mine);
    expect(counts.released).toBe(1);
    expect(events).toEqual(Array.from({ length: 5 }, () => "persistFailed"));
  });

  it("hands the tokens to the owner's hook, once", async () => {
    const { scripted, counts, start } = saving();
    scripted.script("compareAndSwap", ...Array.from({ length: 20 }, () => down));
    const saved = start();
    await vi.advanceTimersByTimeAsync(600_000);
    await saved;
    expect(counts.handedOut).toEqual([mine]);
  });

  it("asks a storage that stays down less and less often, but at least every 2 s", async () => {
    const { scripted, start } = saving();
    scripted.script("compareAndSwap", ...Array.from({ length: 400 }, () => down));
    const saved = start({ random: () => 0.999 });
    await vi.advanceTimersByTimeAsync(60_000);
    const inFirstMinute = scripted.calls.compareAndSwap.length / 2;
    expect(inFirstMinute).toBeGreaterThanOrEqual(30);
    expect(inFirstMinute).toBeLessThanOrEqual(33);
    await vi.advanceTimersByTimeAsync(600_000);
    expect((await saved)?.record).toEqual(mine);
  });

  it("ends with nothing when the account was signed out meanwhile, and says so", async () => {
    const { context, counts, events, start } = saving();
    await context.store.replace(ann.key, null, activeRecord());
    await context.store.remove(ann.key);
    const saved = start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await saved).toBeUndefined();
    expect(counts.released).toBe(1);
    expect(await context.store.read(ann.key)).toBeNull();
    expect(events).toEqual(["persistFailed", "conflict", "persistAbandoned"]);
  });

  it("answers the record that counts when somebody else has saved another", async () => {
    const { context, start } = saving();
    const other = activeRecord({ accessToken: "access-9", refreshFp: "fp-9", parentFp: undefined });
    await context.store.replace(ann.key, null, other);
    const saved = start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await saved)?.record).toEqual(other);
  });

  it("tries three times more when the owner closes, then gives up aloud and lets go of the lease", async () => {
    const { scripted, counts, events, start, close } = saving();
    scripted.script("compareAndSwap", ...Array.from({ length: 20 }, () => down));
    const saved = start();
    await vi.advanceTimersByTimeAsync(10);
    expect(scripted.calls.compareAndSwap).toHaveLength(0);
    close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await saved).toBeUndefined();
    expect(scripted.calls.compareAndSwap.length / 2).toBe(4);
    expect(events.at(-1)).toBe("persistAbandoned");
    expect(counts.released).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("saves what a storage takes again a moment after the owner has closed", async () => {
    const { scripted, context, start, close } = saving();
    scripted.script("compareAndSwap", ...Array.from({ length: 4 }, () => down));
    const saved = start();
    close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await saved)?.record).toEqual(mine);
    expect((await context.store.read(ann.key))?.record).toEqual(mine);
  });
});
