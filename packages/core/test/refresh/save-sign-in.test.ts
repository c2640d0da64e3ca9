import { describe, expect, it } from "vitest";
import { saveSignIn } from "../../src/refresh/save-sign-in.ts";
import { createRecordStore, type RecordStore } from "../../src/storage/record-store.ts";
import { plaintextCipher } from "../../src/storage/record-encryption.ts";
import { activeRecord, ann, createRefreshUnderTest, rejectionOf } from "./refresh-under-test.ts";

const signedIn = activeRecord({ accessToken: "access-9", generation: 1 });

describe("saveSignIn()", () => {
  it("saves where nothing is stored", async () => {
    const { context } = createRefreshUnderTest();
    await saveSignIn(context, ann, signedIn);
    expect((await context.store.read(ann.key))?.record).toEqual(signedIn);
  });

  it("replaces an older grant", async () => {
    const { context } = createRefreshUnderTest();
    await context.store.replace(ann.key, null, activeRecord());
    await saveSignIn(context, ann, signedIn);
    expect((await context.store.read(ann.key))?.record).toEqual(signedIn);
  });

  it("replaces a tombstone: whoever signs in again is back", async () => {
    const { context } = createRefreshUnderTest();
    await context.store.replace(ann.key, null, activeRecord());
    await context.store.remove(ann.key);
    await saveSignIn(context, ann, signedIn);
    expect((await context.store.read(ann.key))?.record).toEqual(signedIn);
  });

  it("replaces a record that cannot be read, without reading it", async () => {
    const { context, scripted } = createRefreshUnderTest();
    const junk = new TextEncoder().encode("junk");
    await scripted.storage.compareAndSwap(ann.key, null, junk, { version: "v1" });
    await saveSignIn(context, ann, signedIn);
    expect(scripted.calls.get).toHaveLength(0);
    expect((await context.store.read(ann.key))?.record).toEqual(signedIn);
  });

  it("keeps what a peer has refreshed it to when its write had arrived and was reported as failed", async () => {
    const { context, scripted } = createRefreshUnderTest();
    const refreshed = activeRecord({ accessToken: "access-10", refreshFp: "fp-10", parentFp: "fp-9" });
    const first = activeRecord({ accessToken: "access-9", refreshFp: "fp-9", generation: 1 });
    await context.store.replace(ann.key, null, activeRecord());
    const { storage } = scripted;
    let calls = 0;
    const store = createRecordStore(
      {
        ...storage,
        async compareAndSwap(key, expected, bytes, options) {
          const result = await storage.compareAndSwap(key, expected, bytes, options);
          calls++;
          if (!result.ok || calls !== 2) return result;
          const stored = await context.store.read(key);
          await context.store.replace(key, stored?.version ?? null, refreshed);
          throw new Error("did it and says it did not");
        },
      },
      plaintextCipher,
    );
    expect(await saveSignIn({ ...context, store }, ann, first)).toEqual(refreshed);
    expect((await context.store.read(ann.key))?.record).toEqual(refreshed);
  });

  it("gives up, typed, when somebody else is faster eight times in a row", async () => {
    const { context } = createRefreshUnderTest();
    let tries = 0;
    const store: RecordStore = {
      ...context.store,
      async replace() {
        tries++;
        return { ok: false, current: `version-${tries}` };
      },
    };
    expect(await rejectionOf(saveSignIn({ ...context, store }, ann, signedIn))).toMatchObject({
      code: "storage_failed",
      account: "ann",
    });
    expect(tries).toBe(40);
  });
});
