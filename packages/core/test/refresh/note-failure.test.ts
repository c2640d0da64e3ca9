import { describe, expect, it } from "vitest";
import { RefreshRejectedError, TokenRequestError } from "../../src/errors.ts";
import { noteFailure } from "../../src/refresh/note-failure.ts";
import type { RefreshFailure } from "../../src/refresh/refresh-failure.ts";
import type { RecordStore, StoredRecord } from "../../src/storage/record-store.ts";
import { activeRecord, ann, createRefreshUnderTest, startOfTest } from "./refresh-under-test.ts";

const pending = { attempt: "a", startedAt: startOfTest, refreshFp: "fingerprint-of-refresh-1" };
const announced = activeRecord({ pending });
const peer = activeRecord({ accessToken: "access-9", refreshToken: "refresh-9", refreshFp: "fp-9" });

const hiccup: RefreshFailure = {
  error: new TokenRequestError("down"),
  failure: { code: "token_request_failed", at: startOfTest, count: 1, retryAt: startOfTest + 5_000 },
  status: "active",
  keepPending: true,
};
const dead: RefreshFailure = {
  error: new RefreshRejectedError("dead", { certainty: "certain" }),
  failure: { code: "refresh_rejected", at: startOfTest, count: 1, reason: "rejected" },
  status: "reauth_required",
  keepPending: false,
};

async function announce(store: RecordStore): Promise<StoredRecord> {
  await store.replace(ann.key, null, announced);
  const stored = await store.read(ann.key);
  if (!stored) throw new Error("nothing stored");
  return stored;
}

describe("noteFailure()", () => {
  it("writes the failure into the record, which keeps its tokens and its announcement", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    expect(await noteFailure(context, ann, hiccup, intent)).toBeUndefined();
    expect((await context.store.read(ann.key))?.record).toEqual({ ...announced, failure: hiccup.failure });
  });

  it("takes the announcement away when the token cannot be spent", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await noteFailure(context, ann, { ...hiccup, keepPending: false }, intent);
    const { pending: _pending, ...untouched } = announced;
    expect((await context.store.read(ann.key))?.record).toStrictEqual({
      ...untouched,
      failure: hiccup.failure,
    });
  });

  it("marks a dead grant and deletes nothing", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await noteFailure(context, ann, dead, intent);
    expect((await context.store.read(ann.key))?.record).toMatchObject({
      status: "reauth_required",
      refreshToken: "refresh-1",
      accessToken: "access-1",
      failure: { code: "refresh_rejected" },
    });
  });

  it("answers a peer's record when that was stored before the refusal is noted", async () => {
    const { context, events } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await context.store.replace(ann.key, intent.version, peer);
    expect(await noteFailure(context, ann, dead, intent)).toEqual(peer);
    expect((await context.store.read(ann.key))?.record).toEqual(peer);
    expect(events).toEqual([]);
  });

  it("waits a moment for a peer's write that is on its way, where there are other processes", async () => {
    for (const lease of ["host", "distributed", "process"] as const) {
      const { context } = createRefreshUnderTest();
      const intent = await announce(context.store);
      const { caps } = context.store.storage;
      let looks = 0;
      const store: RecordStore = {
        ...context.store,
        storage: { ...context.store.storage, caps: { ...caps, lease } },
        async read(key) {
          if (++looks === 4) await context.store.replace(key, intent.version, peer);
          return context.store.read(key);
        },
      };
      const answered = await noteFailure({ ...context, store }, ann, dead, intent);
      expect(answered).toEqual(lease === "process" ? undefined : peer);
      expect(looks).toBe(lease === "process" ? 1 : 4);
    }
  });

  it("does not look for a peer's write after a mere hiccup", async () => {
    const { context, scripted } = createRefreshUnderTest();
    const intent = await announce(context.store);
    const before = scripted.calls.get.length;
    await noteFailure(context, ann, hiccup, intent);
    expect(scripted.calls.get.length).toBe(before);
  });

  it("answers the record of whoever wrote while the note was being written", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await context.store.replace(ann.key, intent.version, peer);
    expect(await noteFailure(context, ann, hiccup, intent)).toEqual(peer);
  });

  it("answers nothing when the conflict was about the same refresh token", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await context.store.replace(ann.key, intent.version, { ...announced, generation: 5 });
    expect(await noteFailure(context, ann, hiccup, intent)).toBeUndefined();
  });

  it("does not bring back an account that was signed out", async () => {
    const { context } = createRefreshUnderTest();
    const intent = await announce(context.store);
    await context.store.remove(ann.key);
    expect(await noteFailure(context, ann, dead, intent)).toBeUndefined();
    expect(await context.store.read(ann.key)).toBeNull();
  });

  it("reports a suspected reuse when a lost rotation is what was refused", async () => {
    const { context, events } = createRefreshUnderTest();
    const intent = await announce(context.store);
    const lost: RefreshFailure = { ...dead, failure: { ...dead.failure, reason: "lost_rotation" } };
    await noteFailure(context, ann, lost, intent);
    expect(events).toEqual(["reuseSuspected"]);
  });

  it("leaves the failure to this process when the storage does not take the note", async () => {
    const { context, scripted, events } = createRefreshUnderTest();
    const intent = await announce(context.store);
    scripted.script("compareAndSwap", { before: new Error("down") }, { before: new Error("down") });
    expect(await noteFailure(context, ann, hiccup, intent)).toBeUndefined();
    expect(events).toEqual(["storageFailed"]);
  });
});
