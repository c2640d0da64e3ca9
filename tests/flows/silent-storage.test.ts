import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { atOnce, rejection, signedInApp } from "./signed-in-app.ts";

type Method = "get" | "compareAndSwap" | "tryLease";
/** Whether a call that is never answered happens all the same. */
type Silence = "does it" | "does nothing";

/** A storage whose next calls of one method are never answered. */
function silenceable() {
  const inner = createMemoryStorage();
  const silences: { readonly method: Method; readonly how: Silence; readonly arrived: () => void }[] = [];
  const answered = async <T>(method: Method, call: () => Promise<T>): Promise<T> => {
    const next = silences[0]?.method === method ? silences.shift() : undefined;
    if (!next) return call();
    if (next.how === "does it") await call();
    next.arrived();
    return new Promise(() => undefined);
  };
  const storage: TokenStorage = {
    ...inner,
    get: (...args) => answered("get", () => inner.get(...args)),
    compareAndSwap: (...args) => answered("compareAndSwap", () => inner.compareAndSwap(...args)),
    tryLease: (...args) => answered("tryLease", () => inner.tryLease(...args)),
  };
  /** Lets one call go unanswered; what it answers lets the ten seconds pass once the call is there. */
  const silence = (method: Method, how: Silence): (() => Promise<void>) => {
    const arrived = new Promise<void>((resolve) => void silences.push({ method, how, arrived: resolve }));
    return async () => {
      await arrived;
      await vi.advanceTimersByTimeAsync(10_000);
    };
  };
  return { storage, silence };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a storage that is silent", () => {
  it("fails every caller who waits for it with one typed error, and nothing is sent", async () => {
    const { storage, silence } = silenceable();
    const { another, tokenRequests } = await signedInApp({ storage });
    const tenSeconds = silence("get", "does nothing");
    const auth = another({ storage });
    const failed = atOnce(100, () => rejection(auth.getAccessToken("alice")));
    await tenSeconds();

    const [error] = new Set(await failed);
    expect(error).toMatchObject({ code: "storage_failed", transient: true, action: "retry" });
    expect(tokenRequests()).toBe(0);
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("does not matter while memory has a good token", async () => {
    const { storage, silence } = silenceable();
    const { mock, auth, grant } = await signedInApp({ storage });
    await mock.clock.advance("5m");
    const tenSeconds = silence("get", "does nothing");
    const token = auth.getAccessToken("alice");
    await tenSeconds();

    expect(await token).toBe(grant.tokens.accessToken);
  });

  it("keeps a refresh token from being sent when it cannot be announced", async () => {
    const { storage, silence } = silenceable();
    const { auth, expire, tokenRequests } = await signedInApp({ storage });
    await expire();
    const waits = [silence("compareAndSwap", "does it"), silence("compareAndSwap", "does it")];
    const failed = rejection(auth.getAccessToken("alice"));
    for (const tenSeconds of waits) await tenSeconds();

    expect(await failed).toMatchObject({ code: "storage_failed", transient: true });
    expect(tokenRequests()).toBe(0);
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    expect(tokenRequests()).toBe(1);
  });

  it.each(["does it", "does nothing"] as const)(
    "loses no new tokens when it %s with them: the first try again saves them",
    async (how) => {
      const { storage, silence } = silenceable();
      const { mock, auth, grant, another, expire } = await signedInApp({ storage });
      await expire();
      const gate = mock.gates.hold("token", "after-commit");
      const token = auth.getAccessToken("alice");
      await gate.arrived();
      const tenSeconds = silence("compareAndSwap", how);
      gate.release();
      await tenSeconds();

      expect(await token).toBe(mock.grant(grant).tokens.accessToken);
      expect(await another({ storage }).getAccessToken("alice")).toBe(await token);
    },
  );

  it.each(["does it", "does nothing"] as const)(
    "loses no new tokens when it %s with them twice: the caller has the access token, and saving goes on",
    async (how) => {
      const { storage, silence } = silenceable();
      const { mock, auth, grant, another, expire, tokenRequests } = await signedInApp({ storage });
      const persisted = new Promise((resolve) => void auth.on("persisted", resolve));
      await expire();
      const gate = mock.gates.hold("token", "after-commit");
      const tokens = auth.getTokens("alice");
      await gate.arrived();
      const waits = [silence("compareAndSwap", how), silence("compareAndSwap", how)];
      gate.release();
      for (const tenSeconds of waits) await tenSeconds();

      const { accessToken } = mock.grant(grant).tokens;
      expect(await tokens).toMatchObject({ accessToken, refreshToken: undefined });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await persisted).toMatchObject({ account: "alice", attempts: 1 });
      expect(await another({ storage }).getAccessToken("alice")).toBe(accessToken);
      expect(tokenRequests()).toBe(1);
      expect(mock.reuseCount).toBe(0);
    },
  );

  it("does not keep a program from closing", async () => {
    const { storage, silence } = silenceable();
    const { auth, expire } = await signedInApp({ storage });
    await expire();
    const waits = [silence("tryLease", "does nothing"), silence("tryLease", "does nothing")];
    const failed = rejection(auth.getAccessToken("alice"));
    const closed = auth.close();
    for (const tenSeconds of waits) await tenSeconds();

    await closed;
    expect(await failed).toMatchObject({ code: "closed" });
    expect(vi.getTimerCount()).toBe(0);
  });
});
