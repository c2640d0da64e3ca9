import { describe, expect, it } from "vitest";
import { saveRedemption, type Redemption } from "../../src/refresh/save-redemption.ts";
import type { RecordStore } from "../../src/storage/record-store.ts";
import type { TokenRecord } from "../../src/storage/token-record.ts";
import type { Version } from "../../src/storage/token-storage.ts";
import { activeRecord, ann, createRefreshUnderTest, rejectionOf } from "./refresh-under-test.ts";

const base = activeRecord({ refreshToken: "refresh-1", refreshFp: "fp-1", generation: 4 });
const mine = activeRecord({
  accessToken: "access-2",
  refreshToken: "refresh-2",
  refreshFp: "fp-2",
  parentFp: "fp-1",
  generation: 5,
  issuedAt: 10_000,
});
const sibling = (overrides: Partial<TokenRecord>): TokenRecord => ({
  ...mine,
  accessToken: "access-3",
  refreshToken: "refresh-3",
  refreshFp: "fp-3",
  ...overrides,
});

async function write(store: RecordStore, expected: Version | null, record: TokenRecord): Promise<Version> {
  const written = await store.replace(ann.key, expected, record);
  if (!written.ok) throw new Error("conflict in the arrangement");
  return written.version;
}

const redemption = (version: Version | null): Redemption => ({
  version,
  redeemedFp: "fp-1",
  mine,
  recovered: false,
});

describe("saveRedemption()", () => {
  it("writes over the announcement it was redeemed under", async () => {
    const { context, events } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    expect(await saveRedemption(context, ann, redemption(version))).toBe(mine);
    expect((await context.store.read(ann.key))?.record).toEqual(mine);
    expect(events).toEqual([]);
  });

  it("keeps its tokens when an unrelated write got in between", async () => {
    const { context, events } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    await write(context.store, version, { ...base, failure: { code: "x", at: 1, count: 1 } });
    expect(await saveRedemption(context, ann, redemption(version))).toEqual(mine);
    expect((await context.store.read(ann.key))?.record).toEqual(mine);
    expect(events).toEqual(["conflict"]);
  });

  it("writes over a sibling that was redeemed earlier, and never counts backwards", async () => {
    const { context, events } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    await write(context.store, version, sibling({ issuedAt: 9_000, generation: 9 }));
    const saved = await saveRedemption(context, ann, redemption(version));
    expect(saved).toEqual({ ...mine, generation: 9 });
    expect((await context.store.read(ann.key))?.record).toEqual(saved);
    expect(events).toEqual(["conflict", "siblingMerged"]);
  });

  it("adopts a sibling that was redeemed later", async () => {
    const { context, events } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    const later = sibling({ issuedAt: 11_000 });
    await write(context.store, version, later);
    expect(await saveRedemption(context, ann, redemption(version))).toEqual(later);
    expect((await context.store.read(ann.key))?.record).toEqual(later);
    expect(events).toEqual(["conflict", "siblingMerged"]);
  });

  it("says which of two siblings is kept", async () => {
    const kept: string[] = [];
    for (const issuedAt of [9_000, 11_000]) {
      const { context } = createRefreshUnderTest();
      context.events.on("siblingMerged", (event) => kept.push(event.kept));
      const version = await write(context.store, null, base);
      await write(context.store, version, sibling({ issuedAt }));
      await saveRedemption(context, ann, redemption(version));
    }
    expect(kept).toEqual(["mine", "stored"]);
  });

  it("never overwrites another sign-in", async () => {
    const { context, events } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    const other = activeRecord({
      accessToken: "access-9",
      refreshFp: "fp-9",
      parentFp: undefined,
      issuedAt: 1,
    });
    await write(context.store, version, other);
    expect(await saveRedemption(context, ann, redemption(version))).toEqual(other);
    expect((await context.store.read(ann.key))?.record).toEqual(other);
    expect(events).toEqual(["conflict"]);
  });

  it("does not bring back an account that was signed out meanwhile", async () => {
    const { context } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    await context.store.remove(ann.key);
    expect(await rejectionOf(saveRedemption(context, ann, redemption(version)))).toMatchObject({
      code: "signed_out",
      account: "ann",
    });
    expect(await context.store.read(ann.key)).toBeNull();
  });

  it("writes its tokens where the storage has lost the entry: they are the only copy", async () => {
    const { context } = createRefreshUnderTest();
    expect(await saveRedemption(context, ann, redemption("a version of before the loss"))).toEqual(mine);
    expect((await context.store.read(ann.key))?.record).toEqual(mine);
  });

  it("writes a token of the consumer itself over any other, because nothing was redeemed for it", async () => {
    const { context } = createRefreshUnderTest();
    await write(context.store, null, activeRecord({ accessToken: "access-9", refreshToken: undefined }));
    const own = { ...redemption(null), redeemedFp: undefined };
    expect(await saveRedemption(context, ann, own)).toEqual(mine);
  });

  it("settles a write whose answer was lost", async () => {
    const { context, scripted } = createRefreshUnderTest();
    const version = await write(context.store, null, base);
    scripted.script("compareAndSwap", { after: new Error("timeout") });
    expect(await saveRedemption(context, ann, redemption(version))).toEqual(mine);
  });

  it("gives up after eight writes in a row that came too late, and keeps the stored record", async () => {
    const { context, scripted } = createRefreshUnderTest();
    let version = await write(context.store, null, base);
    const store: RecordStore = {
      ...context.store,
      async replace(key, expected, record) {
        version = await write(context.store, version, base);
        return context.store.replace(key, expected, record);
      },
    };
    const before = scripted.calls.compareAndSwap.length;
    expect(await rejectionOf(saveRedemption({ ...context, store }, ann, redemption(version)))).toMatchObject({
      code: "storage_failed",
      transient: true,
      account: "ann",
    });
    expect(scripted.calls.compareAndSwap.length - before).toBe(2 * 8);
    expect((await context.store.read(ann.key))?.record).toEqual(base);
  });

  it("passes a storage's failure on", async () => {
    const { context, scripted } = createRefreshUnderTest();
    scripted.script("compareAndSwap", { before: new Error("down") }, { before: new Error("down") });
    expect(await rejectionOf(saveRedemption(context, ann, redemption(null)))).toMatchObject({
      code: "storage_failed",
    });
  });
});
