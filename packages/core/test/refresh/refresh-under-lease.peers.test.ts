import { describe, expect, it } from "vitest";
import type { StoredRecord } from "../../src/storage/record-store.ts";
import { createAttemptUnderTest, type AttemptUnderTest } from "./attempt-under-test.ts";
import { consumer, minutesOld, storeRecord } from "./manager-under-test.ts";
import { ann, deadAnswer, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const theirs = { accessToken: "access-9", refreshToken: "refresh-9", refreshFp: "fp-9", parentFp: "fp-8" };

/** What was read from the storage a moment ago. */
async function justRead({ context }: AttemptUnderTest): Promise<StoredRecord> {
  const stored = await context.store.read(ann.key);
  if (!stored) throw new Error("nothing is stored");
  return stored;
}

describe("refreshUnderLease(), beside other processes", () => {
  it("takes a record that another process has brought before the lease was ours, and sends nothing", async () => {
    const test = createAttemptUnderTest();
    await storeRecord(test, theirs);
    expect(await test.refresh()).toMatchObject({ record: theirs });
    expect(test.sent).toEqual([]);
  });

  it("takes what it finds while it waits for the lease, by one look and without ever having the lease", async () => {
    const test = createAttemptUnderTest();
    await storeRecord(test, theirs);
    const lease = await test.context.store.tryLease(ann.key, "another process", 30_000);
    const reads = test.scripted.calls.get.length;
    expect(await test.refresh()).toMatchObject({ record: theirs });
    expect(test.scripted.calls.get).toHaveLength(reads + 1);
    expect(test.sent).toEqual([]);
    await lease?.release();
  });

  it("goes on waiting as long as what it finds is the same old record", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    const lease = await test.context.store.tryLease(ann.key, "another process", 30_000);
    const { get } = test.scripted.storage;
    let looks = 0;
    test.scripted.storage.get = async (...args) => {
      if (++looks === 3) await lease?.release();
      return get(...args);
    };
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it.each([true, false])(
    "does not read again what was just read when it has the lease at once (waits: %s)",
    async (waits) => {
      const test = createAttemptUnderTest([tokensAnswer(2)]);
      await storeRecord(test);
      const known = await justRead(test);
      const reads = test.scripted.calls.get.length;
      const refreshed = await test.refresh({ justRead: known, waits });
      expect(refreshed).toMatchObject({ record: { accessToken: "access-2" } });
      expect(test.scripted.calls.get).toHaveLength(reads);
    },
  );

  it("reads again what was read before it waited", async () => {
    const test = createAttemptUnderTest();
    await storeRecord(test);
    const known = await justRead(test);
    const lease = await test.context.store.tryLease(ann.key, "another process", 30_000);
    // Nobody is seen to write: the other's record is there only when the lease is.
    const waiting = test.refresh({ justRead: known });
    const { tryLease } = test.scripted.storage;
    test.scripted.storage.tryLease = async (...args) => {
      test.scripted.storage.tryLease = tryLease;
      await storeRecord(test, theirs);
      await lease?.release();
      return tryLease(...args);
    };
    expect(await waiting).toMatchObject({ record: theirs });
    expect(test.events).toEqual(["leaseWaited"]);
    expect(test.sent).toEqual([]);
  });

  it("reads again for the consumer itself: without an announcement nothing else would notice", async () => {
    const test = createAttemptUnderTest();
    await storeRecord(test, {}, consumer);
    const known = await test.context.store.read(consumer.key);
    await storeRecord(test, { accessToken: "access-9" }, consumer);
    const refreshed = await test.refresh({ justRead: known ?? undefined }, consumer);
    expect(refreshed).toMatchObject({ record: { accessToken: "access-9" } });
    expect(test.sent).toEqual([]);
  });

  it("looks again when somebody wrote before the announcement, and sends only what is stored then", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    const known = await justRead(test);
    await storeRecord(test, { ...theirs, accessToken: "access-1" });
    expect(await test.refresh({ justRead: known })).toMatchObject({ record: { accessToken: "access-2" } });
    expect(test.sent).toEqual(["refresh-9"]);
    expect(test.events).toEqual(["conflict"]);
  });

  it("gives up when others keep writing, and has sent nothing by then", async () => {
    const test = createAttemptUnderTest([tokensAnswer(2)]);
    await storeRecord(test);
    test.scripted.storage.compareAndSwap = async () => ({ ok: false, current: "theirs" });
    expect(await rejectionOf(test.refresh())).toMatchObject({
      code: "refresh_contended",
      transient: true,
      account: "ann",
    });
    expect(test.scripted.calls.tryLease).toHaveLength(8);
    expect(test.sent).toEqual([]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("takes what another process has stored when its own token was refused, and holds nothing against it", async () => {
    const test: AttemptUnderTest = createAttemptUnderTest([
      async () => {
        await storeRecord(test, theirs);
        return deadAnswer();
      },
    ]);
    await storeRecord(test);
    const refreshed = await test.refresh();
    expect(refreshed).toMatchObject({ record: theirs });
    expect(refreshed).not.toHaveProperty("redemption");
    expect(test.scripted.calls.tryLease).toHaveLength(1);
    expect(test.failures.previous(ann)).toBeUndefined();
    expect((await test.context.store.read(ann.key))?.record.status).toBe("active");
  });

  it("refreshes what another process has stored when that has run out as well", async () => {
    const test: AttemptUnderTest = createAttemptUnderTest([
      async () => {
        await storeRecord(test, { ...theirs, ...minutesOld(120), accessToken: "access-1" });
        return deadAnswer();
      },
      tokensAnswer(2),
    ]);
    await storeRecord(test);
    expect(await test.refresh()).toMatchObject({ record: { accessToken: "access-2" } });
    expect(test.sent).toEqual(["refresh-1", "refresh-9"]);
  });

  it("keeps a sibling that was redeemed later, which may be the only one alive", async () => {
    const test: AttemptUnderTest = createAttemptUnderTest([
      async () => {
        const { record } = await justRead(test);
        await storeRecord(test, { ...theirs, parentFp: record.refreshFp, fence: 99 });
        return tokensAnswer(2);
      },
    ]);
    await storeRecord(test);
    expect(await test.refresh()).toMatchObject({
      record: { accessToken: "access-9" },
      redemption: { mine: { accessToken: "access-2" } },
    });
    expect((await justRead(test)).record.refreshToken).toBe("refresh-9");
  });
});
