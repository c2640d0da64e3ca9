import { afterEach, describe, expect, it, vi } from "vitest";
import { getAccessToken } from "../../src/tokens/get-access-token.ts";
import { inTurn } from "../../src/tokens/page-lock.ts";
import { tokens } from "../fake-token-endpoint.ts";
import { createPageConfigUnderTest, expired, rejectionOf } from "./page-config-under-test.ts";

/** The Web Locks API, as far as it goes here: one holder per name, the others in line, a signal for the impatient. */
function createFakeLocks(): {
  readonly request: (
    name: string,
    options: { signal: AbortSignal },
    run: () => Promise<void>,
  ) => Promise<void>;
  readonly names: readonly string[];
} {
  const lines = new Map<string, Promise<unknown>>();
  const names: string[] = [];
  return {
    names,
    async request(name, { signal }, run) {
      names.push(name);
      const before = lines.get(name) ?? Promise.resolve();
      const impatient = new Promise<never>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new DOMException("impatient", "AbortError")));
      });
      const mine = Promise.race([before, impatient]).then(run);
      lines.set(
        name,
        before.then(() => mine).catch(() => undefined),
      );
      return mine;
    },
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("inTurn()", () => {
  it("lets tabs refresh one grant one after another: the second finds what the first saved", async () => {
    const locks = createFakeLocks();
    vi.stubGlobal("navigator", { locks });
    const { anotherTab, requests } = createPageConfigUnderTest(expired, [tokens(2), tokens(3)]);
    const got = await Promise.all(Array.from({ length: 8 }, () => getAccessToken(anotherTab())));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(requests).toHaveLength(1);
    expect(new Set(locks.names)).toEqual(new Set(["bitbucket-auth bitbucket.org/consumer-key/user/default"]));
  });

  it("passes on what the run rejects with, and lets the next one in", async () => {
    vi.stubGlobal("navigator", { locks: createFakeLocks() });
    const first = inTurn("a", 1_000, () => Promise.reject(new Error("mine")));
    const second = inTurn("a", 1_000, () => Promise.resolve("next"));
    expect(await rejectionOf(first)).toMatchObject({ message: "mine" });
    expect(await second).toBe("next");
  });

  it("gives up on tabs that never finish", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("navigator", { locks: createFakeLocks() });
    void inTurn("a", 1_000, () => new Promise(() => {}));
    const rejection = rejectionOf(inTurn("a", 1_000, () => Promise.resolve("never")));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await rejection).toMatchObject({ code: "refresh_contended", transient: true });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes without the lock where pages may not lock", async () => {
    vi.stubGlobal("navigator", {
      locks: { request: () => Promise.reject(new DOMException("no", "SecurityError")) },
    });
    expect(await inTurn("a", 1_000, () => Promise.resolve("done"))).toBe("done");
  });

  it.each([
    ["no locks", {}],
    ["no navigator", undefined],
  ])("goes without the lock where there is %s", async (_what, navigator) => {
    vi.stubGlobal("navigator", navigator);
    expect(await inTurn("a", 1_000, () => Promise.resolve("done"))).toBe("done");
  });
});
