import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import {
  type AuthUnderTest,
  consumerKey,
  createAuthUnderTest,
  dead,
  down,
  due,
  expired,
  fails,
  grants,
  keyOf,
  startOfTest,
  storageDown,
} from "../auth-under-test.ts";
import { held, isSettled, rejectionOf, turn, until } from "../promises.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const theirs = { accessToken: "access-9", refreshToken: "refresh-9", refreshFp: "fp-9", parentFp: "fp-8" };
/** Polls that take as long as in earnest. */
const inEarnest = { refresh: { jitterMs: 0, pollMs: [50, 250] } } as const;

/** A memory storage without hints: polling is all there is. */
function deafStorage(): TokenStorage {
  const { watch: _watch, ...storage } = createMemoryStorage();
  return storage;
}

/** Does something once, after this method of the storage has done what was asked of it. */
function once(test: AuthUnderTest, method: "get" | "compareAndSwap" | "tryLease", then: () => unknown): void {
  const original: (...args: never[]) => Promise<unknown> = test.storage[method];
  Object.assign(test.storage, {
    async [method](...args: never[]) {
      Object.assign(test.storage, { [method]: original });
      const result = await original(...args);
      await then();
      return result;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the lease of a refresh", () => {
  it("is taken for the policy's time, by another owner every time, and released with no timer left", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    await test.store({ ...expired, accessToken: "access-3" });
    await test.auth.getAccessToken("ann", { rejected: "access-2" });
    const options = test.calls.tryLease.map(([, given]) => given);
    expect(options).toMatchObject([{ ttlMs: 30_000 }, { ttlMs: 30_000 }]);
    expect(new Set(options.map((given) => JSON.stringify(given))).size).toBe(2);
    expect([await test.isLeaseFree(), vi.getTimerCount()]).toEqual([true, 0]);
  });

  it("is held while the request is sent and until the tokens are saved", async () => {
    const seen: unknown[] = [];
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        seen.push(["free while sending", await test.isLeaseFree()]);
        return grants(2);
      },
    ]);
    await test.store(expired);
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      const release = async (): Promise<void> => {
        seen.push(["stored at release", (await test.stored())?.accessToken]);
        await lease?.release();
      };
      return lease && { ...lease, release };
    };
    await test.auth.getAccessToken("ann");
    expect(seen).toEqual([
      ["free while sending", false],
      ["stored at release", "access-2"],
    ]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it.each([
    ["another process had refreshed", [], { accessToken: "access-9" }],
    ["Bitbucket is down", [down], {}],
    ["the grant is dead", [dead], {}],
    ["there is no refresh token", [], { refreshToken: undefined, refreshFp: undefined }],
  ] as const)("is released when %s", async (_what, answers, record) => {
    const test = createAuthUnderTest(answers);
    await test.store({ ...expired, ...record });
    await test.auth.getAccessToken("ann").catch(() => undefined);
    expect(test.calls.tryLease).toHaveLength(1);
    expect([await test.isLeaseFree(), vi.getTimerCount()]).toEqual([true, 0]);
  });

  it("is released when the storage fails under it, and nothing is sent", async () => {
    const test = createAuthUnderTest();
    await test.store(expired, consumerKey);
    test.script("get", "works", storageDown);
    expect(await rejectionOf(test.auth.getAccessToken())).toMatchObject({ code: "storage_failed" });
    expect([test.sent(), await test.isLeaseFree(consumerKey)]).toEqual([[], true]);
  });

  it("is asked for a second time when it is not known whether the first attempt took it", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    test.script("tryLease", { after: new Error("timeout") });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    const owners = test.calls.tryLease.map(([, given]) => JSON.stringify(given));
    expect([owners.length, new Set(owners).size]).toEqual([2, 1]);
  });

  it("is renewed every third of its time for as long as the answer takes", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give], { timeoutMs: 60_000, refresh: { leaseMs: 90_000 } });
    await test.store(expired);
    const renewals: number[] = [];
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      return (
        lease && {
          ...lease,
          renew: async (ttlMs) => {
            renewals.push(ttlMs);
            return lease.renew(ttlMs);
          },
        }
      );
    };
    const asking = test.auth.getAccessToken("ann");
    await answer.asked;
    await vi.advanceTimersByTimeAsync(29_999);
    expect(renewals).toEqual([]);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(renewals).toEqual([90_000]);
    answer.release();
    expect(await asking).toBe("access-2");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([Number.MAX_SAFE_INTEGER, 2 ** 40])(
    "is renewed as seldom as a timer allows with timeoutMs %d",
    async (timeoutMs) => {
      const answer = held(grants(2));
      const test = createAuthUnderTest([answer.give], { timeoutMs });
      await test.store(expired);
      let renewals = 0;
      const { tryLease } = test.storage;
      test.storage.tryLease = async (...args) => {
        const lease = await tryLease(...args);
        const renew = async (): Promise<boolean> => ++renewals > 0;
        return lease && { ...lease, renew };
      };
      const asking = test.auth.getAccessToken("ann");
      await answer.asked;
      await vi.advanceTimersByTimeAsync(600_000);
      expect(renewals).toBe(0);
      answer.release();
      expect(await asking).toBe("access-2");
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("is asked about before sending only when it is no longer young, by the local clock", async () => {
    for (const [passedMs, renewed] of [
      [9_999, 0],
      [10_000, 1],
    ] as const) {
      const test = createAuthUnderTest([grants(2)]);
      await test.store(expired);
      let renewals = 0;
      const { tryLease } = test.storage;
      test.storage.tryLease = async (...args) => {
        const lease = await tryLease(...args);
        const renew = async (ttlMs: number): Promise<boolean> => {
          renewals++;
          return (await lease?.renew(ttlMs)) ?? false;
        };
        return lease && { ...lease, renew };
      };
      once(test, "compareAndSwap", () => test.clock.move(passedMs));
      expect(await test.auth.getAccessToken("ann")).toBe("access-2");
      expect(renewals).toBe(renewed);
    }
  });

  it("that was lost while the process stood still is told of, and nothing is sent under it", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    const lost = test.hear("leaseLost");
    once(test, "compareAndSwap", async () => {
      test.clock.move(31_000);
      await test.store({ accessToken: "access-9" });
    });
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect([lost, test.sent()]).toEqual([[{ account: "ann" }], []]);
    expect(await test.isLeaseFree()).toBe(true);
  });

  it("is taken anew when it was lost and no other process refreshed meanwhile, and the record is read again", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const refreshed = test.hear("refreshed");
    once(test, "compareAndSwap", () => test.clock.move(31_000));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect([test.calls.tryLease.length, test.calls.get.length, test.sent()]).toEqual([2, 2, ["refresh-1"]]);
    expect(refreshed).toMatchObject([{ recovered: true }]);
  });

  it("does not count as lost while the storage is silent about it", async () => {
    const test = createAuthUnderTest([held(grants(2)).give], { timeoutMs: 60_000 });
    await test.store(expired);
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      return lease && { ...lease, renew: () => Promise.reject(new Error("timeout")) };
    };
    void test.auth.getAccessToken("ann").catch(() => undefined);
    await until(() => test.sent().length > 0);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(test.events).not.toContain("leaseLost");
  });

  it("that cannot be released fails no caller", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      const lease = await tryLease(...args);
      return lease && { ...lease, release: () => Promise.reject(new Error("down")) };
    };
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });
});

describe("a wait for another process's lease", () => {
  it("ends with what that process has stored, by a look after each wake-up and without the lease", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    await test.takeLease();
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    await test.store(theirs);
    expect(await asking).toBe("access-9");
    expect([test.sent(), test.events, vi.getTimerCount()]).toEqual([[], ["adopted"], 0]);
  });

  it("goes on while what is stored is the same old record, and ends when the lease is free", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const lease = await test.takeLease();
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    for (let poll = 0; poll < 5; poll++) await vi.advanceTimersByTimeAsync(1);
    expect(test.sent()).toEqual([]);
    await lease?.release();
    expect(await asking).toBe("access-2");
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("ends at the release, woken by the storage and not by the poll, and tells how long it took by the local clock", async () => {
    const test = createAuthUnderTest([grants(2)], inEarnest);
    await test.store(expired);
    const lease = await test.takeLease();
    const waited = test.hear("leaseWaited");
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    test.clock.move(700);
    await lease?.release();
    expect(await asking).toBe("access-2");
    expect(waited).toEqual([{ account: "ann", waitedMs: 700 }]);
  });

  it("does not sleep through a release that happens while it looks", async () => {
    const test = createAuthUnderTest([grants(2)], inEarnest);
    await test.store(expired);
    const lease = await test.takeLease();
    once(test, "tryLease", () => once(test, "get", () => lease?.release()));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("never goes on without the lease: it rejects when the policy's time is over", async () => {
    const test = createAuthUnderTest([], { ...inEarnest, storage: deafStorage() });
    await test.store(expired);
    const lease = await test.takeLease();
    const asking = rejectionOf(test.auth.getAccessToken("ann"));
    await until(() => test.calls.get.length > 1);
    await vi.advanceTimersByTimeAsync(29_000);
    await lease?.renew(120_000);
    await vi.advanceTimersByTimeAsync(30_900);
    expect(await isSettled(asking)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await asking).toMatchObject({ code: "refresh_contended", transient: true, account: "ann" });
    expect([test.sent(), vi.getTimerCount()]).toEqual([[], 0]);
  });

  it("looks once more after its time is over before it rejects", async () => {
    const test = createAuthUnderTest([], { ...inEarnest, storage: deafStorage() });
    await test.store(expired);
    const lease = await test.takeLease();
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    await lease?.renew(120_000);
    await vi.advanceTimersByTimeAsync(59_999);
    await test.store(theirs);
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toBe("access-9");
  });

  it("polls at random between the policy's two times", async () => {
    const looks: number[] = [];
    for (const random of [0, 0.999_999]) {
      const test = createAuthUnderTest([], { ...inEarnest, storage: deafStorage(), random: () => random });
      await test.store(expired);
      const lease = await test.takeLease();
      const asking = rejectionOf(test.auth.getAccessToken("ann"));
      await until(() => test.calls.get.length > 1);
      await lease?.renew(120_000);
      await vi.advanceTimersByTimeAsync(30_000);
      looks.push(test.calls.get.length);
      await vi.advanceTimersByTimeAsync(31_000);
      await asking;
    }
    // Every 50 ms, and every 250 ms.
    expect(looks).toEqual([602, 122]);
  });

  it("stops watching, whatever comes of it", async () => {
    const memory = createMemoryStorage();
    let watching = 0;
    const watch = (): (() => void) => {
      watching++;
      return () => void watching--;
    };
    const test = createAuthUnderTest([grants(2)], { storage: { ...memory, watch } });
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    await test.store({ ...expired, accessToken: "access-1" });
    test.script("tryLease", ...fails(2));
    expect(await rejectionOf(test.auth.getAccessToken("ann", { rejected: "access-2" }))).toMatchObject({
      code: "storage_failed",
    });
    expect([watching, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("reads the record again that was read before it, when the lease is there", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    const lease = await test.takeLease();
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.calls.get.length > 1);
    // No look sees it written: the other's record is there only when the lease is.
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      test.storage.tryLease = tryLease;
      await test.store(theirs);
      await lease?.release();
      return tryLease(...args);
    };
    await vi.advanceTimersByTimeAsync(1);
    expect(await asking).toBe("access-9");
    expect([test.sent(), test.events]).toEqual([[], ["leaseWaited", "adopted"]]);
  });
});

describe("a refresh beside other processes", () => {
  it.each([
    ["one that a caller waits for", expired],
    ["one ahead of need", due],
  ])("does not read again what was just read when the lease comes at once: %s", async (_which, record) => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(record);
    await test.auth.getAccessToken("ann");
    await until(() => test.events.includes("refreshed"));
    expect(test.calls.get).toHaveLength(record === due ? 2 : 1);
  });

  it("of the consumer's token reads again under the lease: without an announcement nothing else would notice", async () => {
    const test = createAuthUnderTest();
    await test.store(expired, consumerKey);
    once(test, "get", () => test.store({ accessToken: "access-9" }, consumerKey));
    expect(await test.auth.getAccessToken()).toBe("access-9");
    expect(test.sent()).toEqual([]);
  });

  it("announces itself in the record before anything is sent", async () => {
    let atSending: unknown;
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        atSending = (await test.stored())?.pending;
        return grants(2);
      },
    ]);
    await test.store(expired);
    await test.auth.getAccessToken("ann");
    expect(atSending).toMatchObject({ startedAt: startOfTest, refreshFp: "fingerprint-of-refresh-1" });
    expect(await test.stored()).not.toHaveProperty("pending");
  });

  it("looks again when another process wrote before the announcement, and sends what is stored then", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    once(test, "get", () => test.store({ ...theirs, ...expired, accessToken: "access-1" }));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect([test.sent(), test.events]).toEqual([["refresh-9"], ["conflict", "refreshed"]]);
  });

  it("rejects when others keep writing, after eight rounds, and has sent nothing by then", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    test.storage.compareAndSwap = async () => ({ ok: false, current: "theirs" });
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({
      code: "refresh_contended",
      transient: true,
      account: "ann",
    });
    expect([test.calls.tryLease.length, test.sent(), await test.isLeaseFree()]).toEqual([8, [], true]);
  });

  it("takes what another process has stored when its own token is refused, and holds nothing against it", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store(theirs);
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      },
    ]);
    await test.store(expired);
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect(await test.stored()).toMatchObject({ status: "active" });
    expect([test.calls.tryLease.length, test.events]).toEqual([1, ["adopted"]]);
  });

  it("refreshes what another process has stored when that has expired as well", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ ...theirs, ...expired });
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      },
      grants(2),
    ]);
    await test.store(expired);
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(test.sent()).toEqual(["refresh-1", "refresh-9"]);
  });

  it("looks for another process's write for a second after a refusal, and not within one process", async () => {
    for (const [lease, found] of [
      ["host", true],
      ["distributed", true],
      ["process", false],
    ] as const) {
      const test = createAuthUnderTest([dead], { lease, refresh: { jitterMs: 0, rereadMs: 1_000 } });
      await test.store(expired);
      const asking = test.auth.getAccessToken("ann").catch(({ code }) => code);
      await until(() => test.calls.get.length === 2);
      await vi.advanceTimersByTimeAsync(750);
      if (found) await test.store(theirs);
      await vi.advanceTimersByTimeAsync(250);
      expect(await asking).toBe(found ? "access-9" : "refresh_rejected");
      expect(test.calls.get).toHaveLength(found ? 6 : 2);
    }
  });

  it("notes a refusal after that second, and does not keep an owner waiting that closes", async () => {
    const test = createAuthUnderTest([dead], { lease: "host", refresh: { jitterMs: 0, rereadMs: 1_000 } });
    await test.store(expired);
    void test.auth.getAccessToken("ann").catch(() => undefined);
    await until(() => test.calls.get.length === 2);
    await vi.advanceTimersByTimeAsync(10);
    expect((await test.stored())?.status).toBe("active");
    await test.auth.close();
    expect((await test.stored())?.status).toBe("reauth_required");
  });

  it("keeps a sibling that was redeemed later, which may be the only one alive, and tells of it as adopted", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ ...theirs, parentFp: "fingerprint-of-refresh-1", fence: 99, generation: 7 });
        return grants(2);
      },
    ]);
    await test.store(expired);
    const [adopted, merged] = [test.hear("adopted"), test.hear("siblingMerged")];
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-9" });
    expect(adopted).toEqual([{ account: "ann", generation: 7 }]);
    expect(merged).toEqual([{ account: "ann", kept: "stored" }]);
    expect(test.events).not.toContain("refreshed");
  });

  it("writes over a sibling that was redeemed earlier, and never counts backwards", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        const obtainedAt = startOfTest - 1;
        await test.store({
          ...theirs,
          parentFp: "fingerprint-of-refresh-1",
          fence: 0,
          obtainedAt,
          generation: 9,
          signedInAt: startOfTest - 5,
        });
        return grants(2);
      },
    ]);
    await test.store(expired);
    const merged = test.hear("siblingMerged");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect(await test.stored()).toMatchObject({
      accessToken: "access-2",
      generation: 9,
      signedInAt: startOfTest - 5,
    });
    expect(merged).toEqual([{ account: "ann", kept: "mine" }]);
  });

  it("never overwrites another sign-in", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ ...theirs, parentFp: undefined });
        return grants(2);
      },
    ]);
    await test.store(expired);
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-9" });
    expect(test.events).toEqual(["conflict", "adopted"]);
  });

  it("keeps its tokens when an unrelated write got in between, or when the storage has lost the entry", async () => {
    for (const meanwhile of ["noted", "lost"] as const) {
      const memory = createMemoryStorage();
      let gone = false;
      const storage: TokenStorage = {
        ...memory,
        get: async (key) => (gone ? null : memory.get(key)),
        async compareAndSwap(key, expected, bytes, options) {
          if (!gone) return memory.compareAndSwap(key, expected, bytes, options);
          if (expected !== null) return { ok: false, current: null };
          gone = false;
          const { version = null } = (await memory.get(key)) ?? {};
          return memory.compareAndSwap(key, version, bytes, options);
        },
      };
      const test: AuthUnderTest = createAuthUnderTest(
        [
          async () => {
            if (meanwhile === "lost") gone = true;
            else await test.store({ ...expired, failure: { code: "x", at: 1, count: 1 } });
            return grants(2);
          },
        ],
        { storage },
      );
      await test.store(expired);
      expect(await test.auth.getAccessToken("ann")).toBe("access-2");
      expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
      expect(test.events).toEqual(["conflict", "refreshed"]);
    }
  });

  it("of the consumer's token writes over any other, because nothing was redeemed for it", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.store({ accessToken: "access-9", refreshToken: undefined }, consumerKey);
        return grants(2);
      },
    ]);
    expect(await test.auth.getAccessToken()).toBe("access-2");
    expect(await test.stored(consumerKey)).toMatchObject({ accessToken: "access-2" });
  });

  it("settles a write whose answer was lost", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    test.script("compareAndSwap", "works", { after: new Error("timeout") });
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    expect([test.events, (await test.stored())?.refreshToken]).toEqual([["refreshed"], "refresh-2"]);
    await turn();
  });

  it("tries eight times to save, then goes on saving as if the storage were down", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    let writes = 0;
    const { compareAndSwap } = test.storage;
    test.storage.compareAndSwap = async (...args) => {
      if (++writes > 1 && writes <= 9) await test.store(expired);
      return compareAndSwap(...args);
    };
    const asking = test.auth.getAccessToken("ann");
    await until(() => test.sent().length > 0);
    await until(() => writes > 2);
    for (let pauses = 0; pauses < 20; pauses++) {
      await vi.advanceTimersByTimeAsync(1);
      await turn();
    }
    expect(await asking).toBe("access-2");
    expect([writes, test.events.includes("persistFailed")]).toEqual([9, true]);
    await vi.advanceTimersByTimeAsync(2_000);
    await until(() => test.events.includes("persisted"));
    expect(await test.stored(keyOf())).toMatchObject({ refreshToken: "refresh-2" });
  });
});
