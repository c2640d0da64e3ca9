import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import { createAuthUnderTest, due, expired, fails, grants, hour } from "../auth-under-test.ts";
import { deferred, held, turn, until } from "../promises.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

describe("a look at the storage that began before tokens could not be saved", () => {
  it("does not put the older record that it finds in their place", async () => {
    const memory = createMemoryStorage();
    const answer = held(grants(2));
    const [looking, looked] = [deferred(), deferred()];
    const isWritable = { now: true };
    let looks = 0;
    const storage: TokenStorage = {
      ...memory,
      async get(key) {
        const found = await memory.get(key);
        // The look-up, the refresh ahead of need, and the look-up that is slow.
        if (++looks !== 3) return found;
        looking.resolve();
        await looked.promise;
        return found;
      },
      async compareAndSwap(...write) {
        if (!isWritable.now) throw new Error("connection refused");
        return memory.compareAndSwap(...write);
      },
    };
    // No token is served from memory, but one that could not be saved.
    const test = createAuthUnderTest([answer.give], { storage: memory, refresh: { cacheMs: 0 } });
    const auth = test.another({ storage });
    const failed: unknown[] = [];
    auth.on("persistFailed", (event) => void failed.push(event));
    await test.store(due);
    expect(await auth.getAccessToken("ann")).toBe("access-1");
    await answer.asked;
    const slow = auth.getAccessToken("ann");
    await looking.promise;
    isWritable.now = false;
    answer.release();
    await until(() => failed.length > 0);
    looked.resolve();
    expect(await slow).toBe("access-1");
    expect(await auth.getAccessToken("ann")).toBe("access-2");
    isWritable.now = true;
    await auth.close();
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });
});

describe("a refresh while tokens could not be saved yet", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("does not send the spent refresh token when the lease has lapsed in the outage", async () => {
    const test = createAuthUnderTest([grants(2), grants(3)]);
    await test.store(expired);
    test.script("compareAndSwap", "works", ...fails(2));
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
    // The storage was gone for an hour, and is back before the next attempt to save.
    test.clock.move(hour);
    const asked = test.auth.getAccessToken("ann", { minValidityMs: 2 * hour });
    await turn();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await asked).toBe("access-3");
    expect(test.sent()).toEqual(["refresh-1", "refresh-2"]);
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-3" });
    await test.auth.close();
  });
});
