import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { knownGrants } from "../../src/internal.ts";
import { type AuthUnderTest, createAuthUnderTest, expired, freshTokens, grants } from "../auth-under-test.ts";
import { deferred, isSettled, rejectionOf, until } from "../promises.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<never> => new Promise(() => undefined);

/**
 * Begins a call as a request does that a platform then ends: from its first storage call on nothing answers it, and no timer of
 * its own fires. Resolves when the storage works again.
 */
async function beginInEndedRequest(test: AuthUnderTest, begin: () => Promise<unknown>): Promise<void> {
  const { get } = test.storage;
  const asked = deferred();
  test.storage.get = () => {
    asked.resolve();
    return never();
  };
  const { setTimeout: fakeSetTimeout } = globalThis;
  globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
  begin().catch(() => undefined);
  await asked.promise;
  globalThis.setTimeout = fakeSetTimeout;
  test.storage.get = get;
}

describe("when a platform ends a request and what it began", () => {
  it("getAccessToken() looks for itself when the look-up it joined ends with an error of the platform", async () => {
    const test = createAuthUnderTest([grants(2)]);
    await test.store(expired);
    const { now } = test.clock;
    const { get } = test.storage;
    const [asked, answered] = [deferred(), deferred()];
    test.storage.get = async (key) => {
      asked.resolve();
      await answered.promise;
      test.clock.now = () => {
        test.clock.now = now;
        throw new Error("This promise was created by a request that has since ended");
      };
      test.storage.get = get;
      return get(key);
    };
    const first = rejectionOf(test.auth.getAccessToken("ann"));
    await asked.promise;
    const joined = test.auth.getAccessToken("ann");
    answered.resolve();
    expect(String(await first)).toContain("has since ended");
    expect(await joined).toBe("access-2");
    expect(test.sent()).toEqual(["refresh-1"]);
  });

  it("a question who is signed in asks the storage itself after 15 s, and not before", async () => {
    const test = createAuthUnderTest();
    await test.store();
    const { read } = knownGrants(test.auth);
    await beginInEndedRequest(test, () => read("ann"));
    const asking = [read("ann"), read("ann")];
    await vi.advanceTimersByTimeAsync(14_999);
    expect(await isSettled(Promise.race(asking))).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expect(Promise.all(asking)).resolves.toHaveLength(2);
    expect([test.calls.get.length, vi.getTimerCount()]).toEqual([1, 0]);
    await test.auth.close();
  });

  it("a sign-in waits 15 s for the one before it, and is then saved", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await beginInEndedRequest(test, () => test.auth.saveTokens("ann", freshTokens(test.clock)));
    const signingIn = test.auth.saveTokens("ann", { ...freshTokens(test.clock), accessToken: "access-9" });
    await vi.advanceTimersByTimeAsync(14_999);
    expect(await isSettled(signingIn)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await signingIn;
    expect(await test.stored()).toMatchObject({ accessToken: "access-9" });
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keys are asked for again a minute after a key provider was asked", async () => {
    let asked = 0;
    const provider = (): Promise<{ current: string; keys: Record<string, Uint8Array> }> => {
      asked++;
      return asked === 1 ? never() : Promise.resolve({ current: "k1", keys: { k1: new Uint8Array(32) } });
    };
    const test = createAuthUnderTest([], { encryption: { provider } });
    const { setTimeout: fakeSetTimeout } = globalThis;
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    test.auth.saveTokens("bob", freshTokens(test.clock)).catch(() => undefined);
    await until(() => asked === 1);
    globalThis.setTimeout = fakeSetTimeout;
    const saving = test.auth.saveTokens("ann", freshTokens(test.clock));
    await until(() => vi.getTimerCount() > 0);
    await vi.advanceTimersByTimeAsync(60_000);
    await saving;
    expect([await test.auth.getAccessToken("ann"), asked]).toEqual(["access-1", 2]);
  });
});
