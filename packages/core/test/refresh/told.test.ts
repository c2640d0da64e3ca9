import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenRecord } from "../../src/storage/record.ts";
import {
  createAuthUnderTest,
  dead,
  doubtful,
  expired,
  fails,
  freshTokens,
  grants,
  hour,
  startOfTest,
} from "../auth-under-test.ts";
import { held, rejectionOf } from "../promises.ts";
import { describe, expect, it } from "vitest";

const day = 24 * hour;

describe("a caller for whom nothing is sent", () => {
  it.each<readonly [string, Partial<TokenRecord>, object]>([
    [
      "the grant is dead",
      { status: "reauth_required" },
      { code: "refresh_rejected", certainty: "certain", reason: "rejected", account: "ann" },
    ],
    [
      "the grant died of a lost answer",
      {
        status: "reauth_required",
        failure: { code: "refresh_rejected", at: startOfTest, count: 1, reason: "lost_rotation" },
      },
      {
        reason: "lost_rotation",
        message: expect.stringMatching(/no longer accepts this grant.*sign in again/),
      },
    ],
    [
      "Bitbucket refused the grant a moment ago",
      { failure: { code: "refresh_rejected", at: startOfTest, count: 1, retryAt: startOfTest + 30_000 } },
      {
        certainty: "probable",
        reason: "rejected",
        retryAt: startOfTest + 30_000,
        message: expect.stringMatching(/not asked again before `retryAt`.*the grant is kept/),
      },
    ],
    [
      "the last refresh failed a moment ago",
      { failure: { code: "token_request_failed", at: startOfTest, count: 1, retryAt: startOfTest + 5_000 } },
      {
        code: "token_request_failed",
        retryAt: startOfTest + 5_000,
        message: expect.stringMatching(
          /last refresh failed \(token_request_failed\).*Try again then; the grant/,
        ),
      },
    ],
    [
      "no refresh token was saved",
      { refreshToken: undefined, refreshFp: undefined },
      {
        code: "refresh_rejected",
        certainty: "certain",
        message: expect.stringMatching(/no refresh token was saved with it\. Sign in again/),
      },
    ],
  ])("is told what is known and what to do next when %s", async (_when, record, expected) => {
    const test = createAuthUnderTest();
    await test.store({ ...expired, ...record });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(expected);
    expect(test.sent()).toEqual([]);
  });

  it("is told that a token obtained a moment ago is not what is wrong", async () => {
    const test = createAuthUnderTest();
    await test.store();
    const error = await rejectionOf(test.auth.getAccessToken("ann", { rejected: "access-1" }));
    expect(error).toMatchObject({
      code: "access_token_rejected",
      action: "fix_config",
      message: expect.stringMatching(/so the call is wrong.*No new token was requested/),
    });
  });

  it("is told which account has nothing stored, or that it is the consumer's own", async () => {
    const test = createAuthUnderTest([grants(2)]);
    const error = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(error).toMatchObject({
      code: "signed_out",
      message: expect.stringMatching(/^Nothing is stored for account "ann": it never signed in/),
    });
  });

  it("is told that another process held the lease for the whole wait", async () => {
    const test = createAuthUnderTest([], { refresh: { contentionMs: 0, pollMs: [0, 0] } });
    await test.store(expired);
    await test.takeLease();
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_contended",
      account: "ann",
      message: expect.stringMatching(/held the lease.*Nothing was sent; try again/),
    });
  });

  it("is told that other processes kept writing the record", async () => {
    const memory = createMemoryStorage({ clock: { now: () => startOfTest } });
    const test = createAuthUnderTest([], { storage: memory });
    await test.store(expired);
    // Each announcement finds a record that was written again since it was read.
    const { get } = test.storage;
    Object.assign(test.storage, {
      async get(key: string) {
        const entry = await get(key);
        await test.store(expired);
        return entry;
      },
    });
    const conflicts = test.hear("conflict");
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_contended",
      message: expect.stringMatching(/kept writing the record.*Nothing was sent/),
    });
    expect(conflicts.length).toBeGreaterThan(1);
    expect(new Set(conflicts.map(({ account }) => account))).toEqual(new Set(["ann"]));
    expect(test.sent()).toEqual([]);
  });
});

describe("a caller whose refresh was refused", () => {
  it("is told once why, with what was noted, and later callers get the same", async () => {
    const test = createAuthUnderTest([doubtful]);
    await test.store(expired);
    const failed = test.hear("failed");
    const first = await rejectionOf(test.auth.getAccessToken("ann"));
    const later = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(later).toBe(first);
    expect(failed).toEqual([
      {
        account: "ann",
        code: "refresh_rejected",
        message: expect.stringContaining("unauthorized_client"),
        retryAt: startOfTest + 30_000,
        status: 400,
        oauthError: "unauthorized_client",
      },
    ]);
    expect(failed[0]?.message).not.toMatch(/^An earlier refresh/);
  });

  it("is told that an earlier answer was lost when a refresh of another process was cut short", async () => {
    const test = createAuthUnderTest([dead]);
    const pending = { attempt: "of a process that was killed", startedAt: startOfTest, refreshFp: "fp-1" };
    await test.store({ ...expired, refreshFp: "fp-1", pending });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      reason: "lost_rotation",
      message: expect.stringMatching(/^An earlier refresh was sent and its answer never arrived/),
    });
  });

  it("is told although the storage does not take the note of it, and the storage's error is told too", async () => {
    const test = createAuthUnderTest([doubtful]);
    await test.store({ ...expired, refreshFp: "fp-1" });
    const storageFailed = test.hear("storageFailed");
    // The announcement is written; the note of the refusal is not.
    test.script("compareAndSwap", "works", ...fails(4));
    const error = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(error).toMatchObject({ code: "refresh_rejected" });
    expect(storageFailed).toEqual([
      { account: "ann", message: expect.stringContaining("storage.compareAndSwap failed") },
    ]);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toBe(error);
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("is told that the account was signed out while its token was being refreshed", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const asking = rejectionOf(test.auth.getAccessToken("ann"));
    await answer.asked;
    await test.another().signOut("ann");
    answer.release();
    expect(await asking).toMatchObject({
      code: "signed_out",
      account: "ann",
      message: expect.stringMatching(/signed out while its token was being refreshed\. Sign in again/),
    });
  });
});

describe("what is stored of a grant", () => {
  it("lives as long unused as the policy says, from when it was saved, with its scopes", async () => {
    const test = createAuthUnderTest();
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(await test.stored()).toMatchObject({
      refreshExpiresAt: startOfTest + 90 * day,
      scope: "account repository",
      obtainedAt: startOfTest,
    });
  });

  it("has no date for a refresh token that was not saved", async () => {
    const test = createAuthUnderTest();
    await test.auth.saveTokens("ann", { ...freshTokens(test.clock), refreshToken: undefined });
    const stored = await test.stored();
    expect(stored).not.toHaveProperty("refreshExpiresAt");
    expect(stored).not.toHaveProperty("refreshFp");
  });

  it("is served from memory right after a sign-in: the storage is not asked", async () => {
    const test = createAuthUnderTest();
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    const asked = test.calls.get.length;
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(test.calls.get).toHaveLength(asked);
  });
});
