import {
  createBitbucketAuth,
  createMemoryStorage,
  type BitbucketAuth,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { createSessionEpochs, type SessionEpochs } from "../src/session-epoch.js";

function epochsOn(
  mock: BitbucketMock = createBitbucketMock(),
  storage: TokenStorage = createMemoryStorage({ clock: mock.clock }),
): { auth: BitbucketAuth; mock: BitbucketMock; epochs: SessionEpochs } {
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    storage,
    logging: false,
  });
  return { auth, mock, epochs: createSessionEpochs(auth, mock.clock) };
}

describe("createSessionEpochs()", () => {
  it("knows of nobody before the first sign-in", async () => {
    expect(await epochsOn().epochs.current("alice")).toBeUndefined();
  });

  it("lets sessions that start at once live beside each other", async () => {
    const { auth, mock, epochs } = epochsOn();
    await auth.saveTokens("alice", mock.issueGrant().tokens);
    const tokens = await auth.getTokens("alice");
    const starts = await Promise.all(Array.from({ length: 20 }, () => epochs.startSession("alice", tokens)));
    const epoch = (await epochs.current("alice")) ?? Number.POSITIVE_INFINITY;
    expect(starts.filter((start) => start <= epoch)).toEqual([]);
  });

  it("ends every session so far, and none that starts later, even in the same millisecond", async () => {
    const { auth, mock, epochs } = epochsOn(createBitbucketMock({ clock: { now: () => 1_790_000_000_000 } }));
    await auth.saveTokens("alice", mock.issueGrant().tokens);
    const tokens = await auth.getTokens("alice");
    const before = await epochs.startSession("alice", tokens);
    await epochs.endSessions("alice", before);
    const epoch = (await epochs.current("alice")) ?? 0;
    expect(before).toBeLessThanOrEqual(epoch);
    expect(await epochs.startSession("alice", tokens)).toBeGreaterThan(epoch);
  });

  it("outlives the longest session, sign-in after sign-in", async () => {
    const { auth, mock, epochs } = epochsOn();
    for (let week = 0; week < 6; week++) {
      await auth.saveTokens("alice", mock.issueGrant().tokens);
      const start = await epochs.startSession("alice", await auth.getTokens("alice"));
      await mock.clock.advance("13d");
      expect(await epochs.current("alice")).toBeLessThan(start);
    }
  });

  it("is gone from the storage before keepAlive() would take it for a grant that idles", async () => {
    const storage = createMemoryStorage();
    const lives: number[] = [];
    const { compareAndSwap } = storage;
    storage.compareAndSwap = (key, expected, bytes, options) => {
      if (key.includes("sessions")) lives.push((options.expireAt ?? Number.POSITIVE_INFINITY) - Date.now());
      return compareAndSwap(key, expected, bytes, options);
    };
    const { auth, mock, epochs } = epochsOn(createBitbucketMock(), storage);
    await auth.saveTokens("alice", mock.issueGrant().tokens);
    await epochs.startSession("alice", await auth.getTokens("alice"));
    expect(lives).toHaveLength(1);
    expect(lives[0]).toBeLessThan(30 * 24 * 3_600_000);
  });
});
