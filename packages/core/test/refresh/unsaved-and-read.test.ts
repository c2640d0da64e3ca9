import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import { createAuthUnderTest, due, grants } from "../auth-under-test.ts";
import { deferred, held, until } from "../promises.ts";
import { describe, expect, it } from "vitest";

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
