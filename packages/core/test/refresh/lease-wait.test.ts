import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tryHold, waitForLease } from "../../src/refresh/lease-wait.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import { plaintextCipher } from "../../src/storage/record-encryption.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import { ann, createRefreshUnderTest, type RefreshUnderTest } from "./refresh-under-test.ts";

const nothing = async (): Promise<undefined> => undefined;
const policy = refreshPolicy({ jitterMs: 0 }, () => 0);

/** A context whose polls take as long as in earnest. */
function waiting(): RefreshUnderTest {
  return createRefreshUnderTest([], { policy, random: () => 0 });
}

/** Without the storage's hints, polling is all there is. */
function withoutWatch(under: RefreshUnderTest): RefreshUnderTest["context"] {
  const { watch: _watch, ...storage } = under.scripted.storage;
  return { ...under.context, store: createRecordStore(storage, plaintextCipher) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("tryHold()", () => {
  it("takes a free lease for the policy's time, and finds a taken one taken", async () => {
    const { context, scripted } = waiting();
    const hold = await tryHold(context, ann);
    expect(scripted.calls.tryLease[0]).toMatchObject([ann.key, { ttlMs: 30_000 }]);
    expect(await tryHold(context, ann)).toBeUndefined();
    await hold?.release();
    const next = await tryHold(context, ann);
    expect(next).toBeDefined();
    await next?.release();
  });

  it("is another owner every time", async () => {
    const { context, scripted } = waiting();
    await (await tryHold(context, ann))?.release();
    await (await tryHold(context, ann))?.release();
    const owners = scripted.calls.tryLease.map(([, options]) => JSON.stringify(options));
    expect(new Set(owners).size).toBe(2);
  });

  it("reports a lost lease as an event", async () => {
    const { context, events } = waiting();
    const hold = await tryHold(context, ann);
    // The process was frozen for longer than the lease.
    vi.setSystemTime(Date.now() + 31_000);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(events).toEqual(["leaseLost"]);
    await hold?.release();
  });
});

describe("waitForLease()", () => {
  it("has a free lease at once, without a look", async () => {
    const { context, events } = waiting();
    let looks = 0;
    const got = await waitForLease(context, ann, async () => void looks++);
    if (!("hold" in got)) throw new Error("no hold");
    expect([looks, events]).toEqual([0, []]);
    await got.hold.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("adopts what somebody else has brought, and takes no lease for it", async () => {
    const { context } = waiting();
    const other = await tryHold(context, ann);
    let looks = 0;
    const waited = waitForLease(context, ann, async () => (++looks === 3 ? "their record" : undefined));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waited).toEqual({ found: "their record" });
    await other?.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("never goes on without the lease, however long it waits", async () => {
    const under = waiting();
    const context = withoutWatch(under);
    const other = await tryHold(context, ann);
    let outcome: unknown = "waiting";
    void waitForLease(context, ann, nothing).then(
      (got) => (outcome = got),
      (error: unknown) => (outcome = error),
    );
    await vi.advanceTimersByTimeAsync(59_900);
    expect(outcome).toBe("waiting");
    await vi.advanceTimersByTimeAsync(200);
    expect(outcome).toMatchObject({ code: "refresh_contended", transient: true, account: "ann" });
    await other?.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("looks once more after the deadline before it gives up", async () => {
    const under = waiting();
    const context = withoutWatch(under);
    const other = await tryHold(context, ann);
    let over = false;
    const waited = waitForLease(context, ann, async () => (over ? "at last" : undefined));
    await vi.advanceTimersByTimeAsync(59_999);
    over = true;
    await vi.advanceTimersByTimeAsync(1);
    expect(await waited).toEqual({ found: "at last" });
    await other?.release();
  });

  it("polls at random between the policy's two times", async () => {
    const counts = await Promise.all(
      [0, 0.999_999].map(async (random) => {
        const under = createRefreshUnderTest([], { policy, random: () => random });
        const context = withoutWatch(under);
        const other = await tryHold(context, ann);
        let looks = 0;
        const waited = waitForLease(context, ann, async () => void looks++).catch(() => undefined);
        await vi.advanceTimersByTimeAsync(30_500);
        await other?.release();
        await vi.advanceTimersByTimeAsync(60_000);
        const got = await waited;
        if (got && "hold" in got) await got.hold.release();
        return looks;
      }),
    );
    expect(counts[0]).toBeGreaterThan(3 * (counts[1] ?? 0));
  });

  it("gets the lease when the holder lets go, woken by the storage and not by the poll", async () => {
    const { context, events } = waiting();
    const other = await tryHold(context, ann);
    const waited = waitForLease(context, ann, nothing);
    await vi.advanceTimersByTimeAsync(10);
    await other?.release();
    await vi.advanceTimersByTimeAsync(0);
    const got = await waited;
    if (!("hold" in got)) throw new Error("no hold");
    expect(events).toEqual(["leaseWaited"]);
    await got.hold.release();
  });

  it("does not sleep through a release that happens while it looks", async () => {
    const { context } = waiting();
    const other = await tryHold(context, ann);
    let looks = 0;
    const waited = waitForLease(context, ann, async () => {
      looks++;
      await other?.release();
      return undefined;
    });
    await vi.advanceTimersByTimeAsync(0);
    const got = await waited;
    expect("hold" in got).toBe(true);
    expect(looks).toBe(1);
    if ("hold" in got) await got.hold.release();
  });

  it("ends when the owner closes", async () => {
    const { context, close } = waiting();
    const other = await tryHold(context, ann);
    const waited = waitForLease(context, ann, nothing).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    close();
    expect(await waited).toMatchObject({ message: "closed" });
    await other?.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stops watching whatever comes of it", async () => {
    const under = waiting();
    let watching = 0;
    const storage = {
      ...under.scripted.storage,
      watch: () => {
        watching++;
        return () => void watching--;
      },
    };
    const context = { ...under.context, store: createRecordStore(storage, plaintextCipher) };
    const got = await waitForLease(context, ann, nothing);
    expect(watching).toBe(0);
    under.scripted.script("tryLease", { before: new Error("down") }, { before: new Error("still down") });
    await expect(waitForLease(context, ann, nothing)).rejects.toMatchObject({ code: "storage_failed" });
    expect(watching).toBe(0);
    if ("hold" in got) await got.hold.release();
    expect(vi.getTimerCount()).toBe(0);
  });
});
