import type { BitbucketAuth } from "../../src/bitbucket-auth.ts";
import { createAuthUnderTest, due, expired, freshTokens, grants, keyOf } from "../auth-under-test.ts";
import { held, isSettled, rejectionOf, until } from "../promises.ts";
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";

describe("a signal", () => {
  it("that has fired keeps a call from beginning, also with a token in memory", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    const reason = new Error("the page was left");
    const signal = AbortSignal.abort(reason);
    expect(await rejectionOf(test.auth.getAccessToken("ann", { signal }))).toBe(reason);
    expect(test.calls.get).toHaveLength(1);
  });

  it("frees its caller alone: the refresh goes on for the others, who send nothing again", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const leaving = new AbortController();
    const reason = new Error("the page was left");
    const left = rejectionOf(test.auth.getAccessToken("ann", { signal: leaving.signal }));
    const stays = test.auth.getAccessToken("ann");
    await answer.asked;
    leaving.abort(reason);
    expect(await left).toBe(reason);
    answer.release();
    expect(await stays).toBe("access-2");
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("of the only caller does not keep what arrives later from being saved", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const leaving = new AbortController();
    const left = rejectionOf(test.auth.getAccessToken("ann", { signal: leaving.signal }));
    await answer.asked;
    leaving.abort();
    await left;
    answer.release();
    await until(() => test.events.includes("refreshed"));
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("of a caller that was served has no listener left", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const { signal } = new AbortController();
    await test.auth.getAccessToken("ann", { signal });
    await test.auth.close();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("frees a call of fetchFor() while it waits for a token, and the refresh is finished and saved", async () => {
    const leaving = new AbortController();
    const reason = new Error("the page was left");
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const call = test.auth.fetchFor("ann")("/2.0/user", { signal: leaving.signal });
    await answer.asked;
    leaving.abort(reason);
    expect(await rejectionOf(call)).toBe(reason);
    answer.release();
    await test.auth.close();
    expect(await test.another().getAccessToken("ann")).toBe("access-2");
    expect(test.requests).toHaveLength(1);
  });
});

describe("close()", () => {
  it("rejects every caller that waits, and finishes and saves what was sent", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const waiting = Array.from({ length: 3 }, () => rejectionOf(test.auth.getAccessToken("ann")));
    await answer.asked;
    const closed = test.auth.close();
    expect(await Promise.all(waiting)).toMatchObject(waiting.map(() => ({ code: "closed" })));
    expect(await isSettled(closed)).toBe(false);
    answer.release();
    await closed;
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("waits for a refresh ahead of need that was sent", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await answer.asked;
    const closed = test.auth.close();
    answer.release();
    await closed;
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("ends a wait for a lease that another process holds, and nothing is sent", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    await test.takeLease();
    const waiting = rejectionOf(test.auth.getAccessToken("ann"));
    await until(() => test.calls.get.length > 1);
    await test.auth.close();
    expect(await waiting).toMatchObject({ code: "closed" });
    expect(test.sent()).toEqual([]);
  });

  it("has no token served any more, not even one that is in memory", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    const closed = test.auth.close();
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code: "closed" });
    await closed;
    expect(test.calls.get).toHaveLength(1);
  });

  it.each<readonly [string, (auth: BitbucketAuth) => Promise<unknown>]>([
    ["keepAlive()", (auth) => auth.keepAlive()],
    ["rekey()", (auth) => auth.rekey()],
  ])("ends a walk of %s before the next grant, and waits until it has ended", async (_walk, walk) => {
    const read = held(undefined);
    const test = createAuthUnderTest();
    for (const account of ["ann", "bob", "cy"]) await test.store({}, keyOf(account));
    const { get } = test.storage;
    test.storage.get = async (...args) => {
      await read.give();
      return get(...args);
    };
    const walking = rejectionOf(walk(test.auth));
    await read.asked;
    const closed = test.auth.close();
    read.release();
    await closed;
    expect(await walking).toMatchObject({ code: "closed" });
    expect(test.calls.get).toHaveLength(1);
  });

  it.each<readonly [string, (auth: BitbucketAuth) => Promise<unknown>]>([
    [
      "saveTokens()",
      (auth) => auth.saveTokens("bob", { accessToken: "b", expiresAt: 1, tokenType: "bearer" }),
    ],
    ["signOut()", (auth) => auth.signOut("ann")],
    ["keepAlive()", (auth) => auth.keepAlive()],
    ["rekey()", (auth) => auth.rekey()],
    ["getTokens()", (auth) => auth.getTokens("ann")],
  ])("has %s rejected afterwards, and leaves the storage alone", async (_name, call) => {
    const test = createAuthUnderTest();
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    await test.auth.close();
    const { get, compareAndSwap, delete: remove } = test.calls;
    const before = [get.length, compareAndSwap.length, remove.length];
    expect(await rejectionOf(call(test.auth))).toMatchObject({ code: "closed" });
    expect([get.length, compareAndSwap.length, remove.length]).toEqual(before);
  });
});
