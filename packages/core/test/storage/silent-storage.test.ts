import { keepGrantsAlive, rekeyRecords } from "../../src/maintenance.ts";
import { plaintextCipher } from "../../src/storage/encryption.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import { fullRecord } from "./sample-record.ts";
import { watch, never, silentAfter } from "./silence.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const silent = { code: "storage_failed", transient: true, action: "retry" };
const memory = createMemoryStorage();

const storeOver = (storage: Partial<TokenStorage>) =>
  createRecordStore({ ...createMemoryStorage(), ...storage }, plaintextCipher);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a storage that never answers", () => {
  it("fails a read after ten seconds, with an error that says what to do", async () => {
    const reading = watch(storeOver({ get: never }).read("ann"));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(reading.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await reading.rejection).toMatchObject({
      ...silent,
      message: expect.stringMatching(/did not answer within 10 s\. Try again\.$/),
    });
  });

  it("is asked once more for a write, with the same version, and fails after twenty seconds", async () => {
    const compareAndSwap = vi.fn<TokenStorage["compareAndSwap"]>(never);
    const writing = watch(storeOver({ compareAndSwap }).replace("ann", null, fullRecord()));
    await vi.advanceTimersByTimeAsync(19_999);
    expect(writing.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await writing.rejection).toMatchObject({
      ...silent,
      message: expect.stringContaining("It is not known whether the write happened."),
    });
    const [first, second, third] = compareAndSwap.mock.calls;
    expect(second).toEqual(first);
    expect(third).toBeUndefined();
  });

  it("is asked once more to delete", async () => {
    const remove = vi.fn<TokenStorage["delete"]>(never);
    const removing = watch(storeOver({ delete: remove }).remove("ann"));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await removing.rejection).toMatchObject({
      ...silent,
      message: expect.stringContaining("It is not known whether the deletion happened."),
    });
    expect(remove.mock.calls[1]).toEqual(remove.mock.calls[0]);
  });

  it("is asked once more for a lease, as the same owner", async () => {
    const tryLease = vi.fn<TokenStorage["tryLease"]>(never);
    const asking = watch(storeOver({ tryLease }).tryLease("ann", "me", 30_000));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await asking.rejection).toMatchObject(silent);
    expect(tryLease.mock.calls[1]).toEqual(tryLease.mock.calls[0]);
  });

  it.each(["renew", "release"] as const)(
    "that is silent about a lease ends a call to %s it after ten seconds",
    async (method) => {
      const store = storeOver({
        tryLease: async () => ({ fence: 1, renew: never, release: never }),
      });
      const lease = await store.tryLease("ann", "me", 30_000);
      const asking = watch(Promise.resolve(lease?.[method](30_000)));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await asking.rejection).toMatchObject(silent);
    },
  );
});

describe("a list that stops in the middle", () => {
  const listing = (): TokenStorage => ({ ...memory, list: () => silentAfter("ann", "bob") });

  it("ends a walk over all grants a minute after its last key", async () => {
    const asked: unknown[] = [];
    const manager = {
      refreshIfOlder: async ({ account }: { readonly account: string | undefined }) =>
        asked.push(account) > 0,
    };
    const walk = watch(keepGrantsAlive({ storage: listing(), manager, prefix: "" }, {}));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(walk.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await walk.rejection).toMatchObject(silent);
    expect(asked).toEqual(["ann", "bob"]);
  });

  it("ends the sealing of all records", async () => {
    const sealing = watch(rekeyRecords(createRecordStore(listing(), plaintextCipher), ""));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await sealing.rejection).toMatchObject(silent);
  });
});

describe("a list", () => {
  it("that throws rejects with a StorageError, without the words of what was thrown", async () => {
    const next = (): Promise<never> => Promise.reject(new RangeError("SCAN of redis://:pw@host failed"));
    const list = () => ({ [Symbol.asyncIterator]: () => ({ next }) });
    const store = createRecordStore({ ...memory, list }, plaintextCipher);
    expect(await watch(rekeyRecords(store, "")).rejection).toMatchObject({
      ...silent,
      message: expect.not.stringContaining("pw"),
    });
  });

  it("is let go when its reader stops early", async () => {
    let isLetGo = false;
    const list = async function* (): AsyncGenerator<string> {
      try {
        yield* ["ann", "bob"];
      } finally {
        isLetGo = true;
      }
    };
    const store = createRecordStore({ ...memory, list }, plaintextCipher);
    const stop = new Error("enough");
    const stopped = rekeyRecords(store, "", () => {
      throw stop;
    });
    expect(await watch(stopped).rejection).toBe(stop);
    expect(isLetGo).toBe(true);
  });
});

describe("a storage that answers", () => {
  it("leaves no timer behind", async () => {
    const store = storeOver({});
    await store.replace("ann", null, fullRecord());
    await store.read("ann");
    await (await store.tryLease("ann", "me", 30_000))?.release();
    await rekeyRecords(store, "");
    await store.remove("ann");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has done what it said it had not: a late write is found by its repeat", async () => {
    const inner = createMemoryStorage();
    let calls = 0;
    const store = storeOver({
      get: inner.get,
      compareAndSwap: (...args) => {
        const answer = inner.compareAndSwap(...args);
        return ++calls === 1 ? never() : answer;
      },
    });
    const writing = store.replace("ann", null, fullRecord());
    await vi.advanceTimersByTimeAsync(10_000);
    const written = await writing;
    expect(written).toEqual({ ok: true, version: (await store.read("ann"))?.version });
  });

  it.each(["renew", "release"] as const)(
    "rejects with nothing of its own when it cannot %s",
    async (method) => {
      const leaky = (): never => {
        throw new RangeError("SET ann access-1 failed");
      };
      const store = storeOver({ tryLease: async () => ({ fence: 1, renew: leaky, release: leaky }) });
      const lease = await store.tryLease("ann", "me", 30_000);
      const { rejection } = watch(Promise.resolve(lease?.[method](30_000)));
      expect(await rejection).toMatchObject({ ...silent, message: expect.not.stringContaining("access-1") });
    },
  );
});
