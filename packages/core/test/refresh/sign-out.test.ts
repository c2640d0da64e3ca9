import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import {
  type AuthUnderTest,
  createAuthUnderTest,
  expired,
  freshTokens,
  grants,
  hour,
  keyOf,
  minute,
  storageDown,
} from "../auth-under-test.ts";
import { type Held, held, rejectionOf } from "../promises.ts";
import { describe, expect, it } from "vitest";

const signedOut = { code: "signed_out", account: "ann" };

/** The first read has its answer at once, and gives it when the test says so. */
function holdFirstRead({ storage }: AuthUnderTest, read: Held<undefined>): void {
  const { get } = storage;
  storage.get = async (...args) => {
    storage.get = get;
    const found = await get(...args);
    await read.give();
    return found;
  };
}

describe("signOut()", () => {
  it("forgets the grant here and in the storage, and tells of it", async () => {
    const { auth, clock, another, requests, events } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.signOut("ann");
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect(await rejectionOf(another().getAccessToken("ann"))).toMatchObject(signedOut);
    expect([requests, events]).toEqual([[], ["signedIn", "signedOut"]]);
  });

  it("ends what another process serves from memory within a minute", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    await test.another().signOut("ann");
    test.clock.move(minute);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
    test.clock.move(-minute);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("has no token served while the storage is being told", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    let during: Promise<unknown> = Promise.resolve();
    const { delete: remove } = storage;
    storage.delete = async (...args) => {
      const gone = await remove(...args);
      during = rejectionOf(auth.getAccessToken("ann"));
      return gone;
    };
    await auth.signOut("ann");
    expect(await during).toMatchObject(signedOut);
  });

  it("has nothing remembered that was looked up before the storage was told", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const { delete: remove } = storage;
    storage.delete = async (...args) => {
      // Signing out has begun, and the record is still there for every look.
      expect(await auth.getAccessToken("ann")).toBe("access-1");
      return remove(...args);
    };
    await auth.signOut("ann");
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("is not undone by a refresh that was under way", async () => {
    const test: AuthUnderTest = createAuthUnderTest([
      async () => {
        await test.auth.signOut("ann");
        return grants(2);
      },
    ]);
    await test.store(expired);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect([await test.stored(), await test.isLeaseFree()]).toEqual([undefined, true]);
  });

  it("has nothing remembered that a look-up finds which began before it and ends after it", async () => {
    const read = held(undefined);
    const test = createAuthUnderTest();
    await test.store();
    holdFirstRead(test, read);
    const looking = test.auth.getAccessToken("ann");
    await read.asked;
    await test.auth.signOut("ann");
    read.release();
    expect(await looking).toBe("access-1");
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("has no later caller join a look-up that began before it", async () => {
    const answer = held(grants(2));
    const test = createAuthUnderTest([answer.give]);
    await test.store(expired);
    const before = test.auth.getAccessToken("ann");
    await answer.asked;
    await test.auth.signOut("ann");
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
    answer.release();
    expect(await rejectionOf(before)).toMatchObject(signedOut);
    expect(test.events).not.toContain("joined");
  });

  it("sends nothing for an account that another process signed out before the lease was obtained", async () => {
    const test = createAuthUnderTest();
    await test.store(expired);
    const { tryLease } = test.storage;
    test.storage.tryLease = async (...args) => {
      await test.another().signOut("ann");
      return tryLease(...args);
    };
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(signedOut);
    expect([test.sent(), await test.isLeaseFree()]).toEqual([[], true]);
  });

  it("can be followed by another sign-in", async () => {
    const { auth, clock } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    await auth.signOut("ann");
    await auth.saveTokens("ann", { ...freshTokens(clock), accessToken: "access-9" });
    expect(await auth.getAccessToken("ann")).toBe("access-9");
  });

  it("is asked for a second time when it is not known whether the first attempt arrived", async () => {
    const test = createAuthUnderTest();
    await test.store();
    test.script("delete", { after: new Error("timeout") });
    await test.auth.signOut("ann");
    expect(await test.stored()).toBeUndefined();
    expect(new Set(test.calls.delete.map((call) => JSON.stringify(call))).size).toBe(1);
  });

  it("of ten thousand others makes what is being looked up be looked up again, and costs nothing else", async () => {
    const read = held(undefined);
    const test = createAuthUnderTest();
    await test.store();
    holdFirstRead(test, read);
    const looking = test.auth.getAccessToken("ann");
    await read.asked;
    for (let n = 0; n <= 10_000; n++) await test.auth.signOut(`account-${n}`);
    read.release();
    expect(await looking).toBe("access-1");
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(test.calls.get).toHaveLength(2);
  });

  it("rejects with the storage's error when the storage fails, and tells of no sign-out", async () => {
    const test = createAuthUnderTest();
    await test.store();
    test.script("delete", storageDown, storageDown);
    expect(await rejectionOf(test.auth.signOut("ann"))).toMatchObject({ code: "storage_failed" });
    expect(test.events).toEqual([]);
  });
});

describe("saveTokens()", () => {
  it("saves one after the other what is signed in at once, and the last is served", async () => {
    const { auth, clock, another } = createAuthUnderTest();
    const accessTokens = Array.from({ length: 20 }, (_, n) => `access-${n}`);
    await Promise.all(
      accessTokens.map((accessToken) => auth.saveTokens("ann", { ...freshTokens(clock), accessToken })),
    );
    expect(await auth.getAccessToken("ann")).toBe("access-19");
    expect(await another().getAccessToken("ann")).toBe("access-19");
  });

  it("replaces an older grant, whatever is served of that", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    await test.auth.saveTokens("ann", { ...freshTokens(test.clock), accessToken: "access-9" });
    expect(await test.auth.getAccessToken("ann")).toBe("access-9");
    expect(await test.stored()).toMatchObject({ accessToken: "access-9", generation: 1 });
  });

  it("keeps unknown scopes unknown, which is not the same as none", async () => {
    const { auth, clock } = createAuthUnderTest();
    const { scopes: _unknown, ...tokens } = freshTokens(clock);
    await auth.saveTokens("ann", tokens);
    await auth.saveTokens("bob", { ...tokens, scopes: [] });
    expect([(await auth.getTokens("ann")).scopes, (await auth.getTokens("bob")).scopes]).toEqual([
      undefined,
      [],
    ]);
  });

  it("replaces a record that cannot be read", async () => {
    const test = createAuthUnderTest();
    const junk = new TextEncoder().encode("junk");
    await test.storage.compareAndSwap(keyOf(), null, junk, { version: "v1" });
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
  });

  it("saves although the record in its place cannot be looked at", async () => {
    const test = createAuthUnderTest();
    await test.store();
    test.script("get", storageDown, storageDown);
    await test.auth.saveTokens("ann", { ...freshTokens(test.clock), accessToken: "access-9" });
    expect(await test.stored()).toMatchObject({ accessToken: "access-9", signedInAt: test.clock.now() });
  });

  it("keeps what a peer has refreshed it to when its write had arrived and was reported as failed", async () => {
    const memory = createMemoryStorage();
    let failOnce = true;
    const test: AuthUnderTest = createAuthUnderTest([], {
      storage: {
        ...memory,
        async compareAndSwap(key, expected, bytes, options) {
          const result = await memory.compareAndSwap(key, expected, bytes, options);
          if (!result.ok || !failOnce || expected === null) return result;
          failOnce = false;
          const { refreshFp } = (await test.stored()) ?? {};
          const { version = null } = (await memory.get(key)) ?? {};
          const refreshed = {
            ...(await test.stored()),
            accessToken: "access-10",
            refreshFp: "fp-10",
            parentFp: refreshFp,
          };
          const text = new TextEncoder().encode(JSON.stringify(refreshed));
          await memory.compareAndSwap(key, version, text, { version: "the peer's" });
          throw new Error("done, and reported as not done");
        },
      },
    });
    failOnce = false;
    await test.store();
    failOnce = true;
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(await test.stored()).toMatchObject({ accessToken: "access-10" });
    expect(await test.auth.getAccessToken("ann")).toBe("access-10");
  });

  it("rejects, typed, after forty writes of others that were quicker", async () => {
    const test = createAuthUnderTest();
    let tries = 0;
    test.storage.compareAndSwap = async () => ({ ok: false, current: `version-${++tries}`, deleted: true });
    expect(await rejectionOf(test.auth.saveTokens("ann", freshTokens(test.clock)))).toMatchObject({
      code: "storage_failed",
      account: "ann",
    });
    expect(tries).toBe(40);
  });

  it("has nothing served when the account was signed out while it was being saved", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    const { compareAndSwap } = storage;
    storage.compareAndSwap = async (...args) => {
      storage.compareAndSwap = compareAndSwap;
      const written = await compareAndSwap(...args);
      await auth.signOut("ann");
      return written;
    };
    await auth.saveTokens("ann", freshTokens(clock));
    expect(await rejectionOf(auth.getAccessToken("ann"))).toMatchObject(signedOut);
  });

  it("has no later caller join a look-up that began before it, nor remembers what that finds", async () => {
    const read = held(undefined);
    const test = createAuthUnderTest([grants(2)]);
    await test.store();
    holdFirstRead(test, read);
    const looking = test.auth.getAccessToken("ann");
    await read.asked;
    await test.auth.saveTokens("ann", { ...freshTokens(test.clock), accessToken: "access-9" });
    const rejecting = test.auth.getAccessToken("ann", { rejected: "access-9" });
    expect(test.events).not.toContain("joined");
    read.release();
    expect(await looking).toBe("access-1");
    expect(await rejecting).toBe("access-2");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("refuses what is no set of tokens, and saves nothing", async () => {
    const { auth, clock, storage } = createAuthUnderTest();
    const wrong = { ...freshTokens(clock), accessToken: "" };
    expect(await rejectionOf(auth.saveTokens("ann", wrong))).toMatchObject({ code: "invalid_options" });
    expect(await rejectionOf(auth.saveTokens("", freshTokens(clock)))).toMatchObject({
      code: "invalid_options",
    });
    expect(await Array.fromAsync(storage.list?.("") ?? [])).toEqual([]);
  });

  it("takes tokens that have expired, which are refreshed when they are asked for", async () => {
    const { auth, clock, sent } = createAuthUnderTest([grants(2)]);
    await auth.saveTokens("ann", { ...freshTokens(clock), expiresAt: clock.now() - hour });
    expect(await auth.getAccessToken("ann")).toBe("access-2");
    expect(sent()).toEqual(["refresh-1"]);
  });
});
