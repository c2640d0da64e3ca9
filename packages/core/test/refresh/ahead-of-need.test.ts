import {
  createAuthUnderTest,
  dead,
  down,
  due,
  grants,
  keyOf,
  minute,
  minutesOld,
  startOfTest,
} from "../auth-under-test.ts";
import { held, rejectionOf, until } from "../promises.ts";
import { describe, expect, it } from "vitest";

describe("a refresh ahead of need", () => {
  it("runs while the token that is due is served at once, and its tokens are served afterwards", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(due);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await answer.asked;
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    answer.release();
    await until(() => test.events.includes("refreshed"));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(await test.stored()).toMatchObject({ accessToken: "access-2" });
    expect([test.sent(), test.events]).toEqual([["refresh-1"], ["refreshed"]]);
  });

  it("is not made for a fresh token", async () => {
    const test = createAuthUnderTest();
    await test.store(minutesOld(104));
    await test.auth.getAccessToken("ann");
    await test.auth.getAccessToken("ann");
    await test.auth.close();
    expect(test.calls.tryLease).toEqual([]);
  });

  it("is made once, however many callers come while it runs", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(due);
    await Promise.all(Array.from({ length: 50 }, () => test.auth.getAccessToken("ann")));
    await answer.asked;
    await Promise.all(Array.from({ length: 50 }, () => test.auth.getAccessToken("ann")));
    expect(test.calls.tryLease).toHaveLength(1);
    answer.release();
    await test.auth.close();
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("is left to the process that holds the lease, without waiting for it and without a look", async () => {
    const test = createAuthUnderTest();
    await test.store(due);
    await test.takeLease();
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await test.auth.close();
    expect([test.calls.tryLease.length, test.calls.get.length, test.sent(), test.events]).toEqual([
      1,
      1,
      [],
      [],
    ]);
  });

  it("sends nothing when another process has refreshed before the lease was obtained", async () => {
    const test = createAuthUnderTest();
    await test.store(due);
    const adopted = test.hear("adopted");
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      await test.store({ accessToken: "access-2", generation: 5 });
      return tryLease(...args);
    };
    await test.auth.getAccessToken("ann");
    await until(() => adopted.length > 0);
    expect(adopted).toEqual([{ account: "ann", generation: 5 }]);
    expect([test.sent(), await test.auth.getAccessToken("ann")]).toEqual([[], "access-2"]);
  });

  it("fails no caller, and is told of, when it fails", async () => {
    const test = createAuthUnderTest([down]);
    const failed = test.hear("failed");
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await until(() => failed.length > 0);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(failed).toMatchObject([{ account: "ann", code: "token_request_failed" }]);
  });

  it("is not made while a failure cools down, and is afterwards", async () => {
    const test = createAuthUnderTest([down, grants(2)]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await until(() => test.events.includes("failed"));
    await test.auth.getAccessToken("ann");
    expect(test.calls.tryLease).toHaveLength(1);
    test.clock.move(5_000);
    await test.auth.getAccessToken("ann");
    await until(() => test.events.includes("refreshed"));
    expect(test.sent()).toEqual(["refresh-1", "refresh-1"]);
  });

  it("is begun no more often in a second than the policy allows, and again in the next second", async () => {
    const test = createAuthUnderTest([grants(2)], { refresh: { jitterMs: 0, aheadPerSecond: 2 } });
    const accounts = ["ann", "bob", "eve"];
    for (const account of accounts) await test.store({ ...due, accessToken: account }, keyOf(account));
    const ask = (): Promise<string[]> =>
      Promise.all(accounts.map((account) => test.auth.getAccessToken(account)));
    const refreshed = test.hear("refreshed");
    await ask();
    await until(() => refreshed.length === 2);
    await ask();
    expect(test.sent()).toHaveLength(2);
    test.clock.move(1_000);
    await ask();
    await until(() => refreshed.length === 3);
  });

  it("is not made with `aheadPerSecond: 0`", async () => {
    const test = createAuthUnderTest([], { refresh: { aheadPerSecond: 0 } });
    await test.store(due);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await test.auth.close();
    expect(test.calls.tryLease).toEqual([]);
  });

  it("is not begun by a look-up whose owner closed meanwhile", async () => {
    const test = createAuthUnderTest();
    await test.store(due);
    const looking = test.auth.getAccessToken("ann");
    const closed = test.auth.close();
    await rejectionOf(looking);
    await closed;
    expect(test.calls.tryLease).toEqual([]);
  });

  it("is waited for by a caller that cannot use the old token, which sends no second one", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await answer.asked;
    const demanding = test.auth.getAccessToken("ann", { minValidityMs: 30 * minute });
    const refused = test.auth.getAccessToken("ann", { rejected: "access-1" });
    answer.release();
    expect(await Promise.all([demanding, refused])).toEqual(["access-2", "access-2"]);
    expect([test.sent(), test.calls.tryLease.length]).toEqual([["refresh-1"], 1]);
  });

  it("is made for a token whose last refresh was cut short although it has long to live", async () => {
    const test = createAuthUnderTest([grants(2)]);
    const pending = { attempt: "cut short", startedAt: startOfTest - minute, refreshFp: "fp-1" };
    await test.store({ refreshFp: "fp-1", pending });
    const refreshed = test.hear("refreshed");
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await until(() => refreshed.length > 0);
    expect(refreshed).toMatchObject([{ recovered: true }]);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("tells that Bitbucket declares the grant dead while the token still works, and goes on serving that", async () => {
    const test = createAuthUnderTest([dead]);
    const failed = test.hear("failed");
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await until(() => failed.length === 1);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    await until(() => failed.length === 2);
    expect(failed).toMatchObject([{ code: "refresh_rejected" }, { code: "refresh_rejected" }]);
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("is not remembered when the account signs out while it runs", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(due);
    await test.auth.getAccessToken("ann");
    await answer.asked;
    await test.auth.signOut("ann");
    answer.release();
    await until(() => test.events.includes("failed"));
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code: "signed_out" });
  });
});
