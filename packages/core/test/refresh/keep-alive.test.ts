import { describe, expect, it } from "vitest";
import { RefreshRejectedError, SignedOutError, StorageError, TokenRequestError } from "../../src/errors.ts";
import { keepGrantsAlive, type KeepAliveProgress } from "../../src/refresh/keep-alive.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { storageKey, userKeyPrefix } from "../../src/storage/token-key.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import { rejectionOf } from "./refresh-under-test.ts";

const owner = { site: "bitbucket.org", consumer: "consumer-key" };
const prefix = userKeyPrefix(owner);
const day = 24 * 3_600_000;

async function storageWith(...accounts: readonly string[]): Promise<TokenStorage> {
  const storage = createMemoryStorage();
  for (const account of [...accounts, undefined]) {
    await storage.compareAndSwap(storageKey({ ...owner, account }), null, new Uint8Array(1), {
      version: crypto.randomUUID(),
    });
  }
  return storage;
}

type Manager = Parameters<typeof keepGrantsAlive>[0]["manager"];

const managerThat = (refreshIfOlder: Manager["refreshIfOlder"]): Manager => ({ refreshIfOlder });

describe("keepGrantsAlive()", () => {
  it("asks about every signed-in account, and not about the consumer's own token", async () => {
    const asked: unknown[] = [];
    const manager = managerThat(async ({ account }, olderThanMs) => {
      asked.push([account, olderThanMs]);
      return account === "a/b";
    });
    const storage = await storageWith("ann", "a/b");
    expect(await keepGrantsAlive({ storage, manager, prefix }, {})).toEqual({
      checked: 2,
      refreshed: 1,
      failed: 0,
      failures: [],
    });
    expect(asked).toEqual([
      ["ann", 56 * day],
      ["a/b", 56 * day],
    ]);
  });

  it("takes the caller's word for what is old", async () => {
    const asked: number[] = [];
    const manager = managerThat(async (_ref, olderThanMs) => asked.push(olderThanMs) > 0);
    await keepGrantsAlive({ storage: await storageWith("ann"), manager, prefix }, { olderThanMs: 5 });
    expect(asked).toEqual([5]);
  });

  it("reports a grant that fails and goes on with the next", async () => {
    const dead = new RefreshRejectedError("dead", { certainty: "certain" });
    const down = new TokenRequestError("down");
    const manager = managerThat(async ({ account }) => {
      if (account === "ann") throw dead;
      if (account === "bob") throw down;
      return true;
    });
    const storage = await storageWith("ann", "bob", "eve");
    expect(await keepGrantsAlive({ storage, manager, prefix }, {})).toEqual({
      checked: 3,
      refreshed: 1,
      failed: 2,
      failures: [
        { account: "ann", error: dead },
        { account: "bob", error: down },
      ],
    });
  });

  it("takes no offence at an account that signed out while the walk was on its way", async () => {
    const manager = managerThat(() => Promise.reject(new SignedOutError("gone")));
    expect(await keepGrantsAlive({ storage: await storageWith("ann"), manager, prefix }, {})).toMatchObject({
      checked: 1,
      failed: 0,
    });
  });

  it.each([new StorageError("down"), new RangeError("a bug")])("ends on %s", async (error) => {
    let asked = 0;
    const manager = managerThat(() => {
      asked++;
      return Promise.reject(error);
    });
    const storage = await storageWith("ann", "bob");
    expect(await rejectionOf(keepGrantsAlive({ storage, manager, prefix }, {}))).toBe(error);
    expect(asked).toBe(1);
  });

  it("tells how far it has come", async () => {
    const seen: KeepAliveProgress[] = [];
    const manager = managerThat(async ({ account }) => account === "bob");
    const onProgress = (progress: KeepAliveProgress): void => void seen.push(progress);
    await keepGrantsAlive({ storage: await storageWith("ann", "bob"), manager, prefix }, { onProgress });
    expect(seen).toEqual([
      { checked: 1, refreshed: 0, failed: 0 },
      { checked: 2, refreshed: 1, failed: 0 },
    ]);
  });

  it("stops between two grants when its signal fires", async () => {
    const stopping = new AbortController();
    const reason = new Error("shutting down");
    const asked: unknown[] = [];
    const manager = managerThat(async ({ account }) => {
      asked.push(account);
      stopping.abort(reason);
      return true;
    });
    const storage = await storageWith("ann", "bob");
    const walk = keepGrantsAlive({ storage, manager, prefix }, { signal: stopping.signal });
    expect(await rejectionOf(walk)).toBe(reason);
    expect(asked).toEqual(["ann"]);
  });

  it("needs a storage that can list", async () => {
    const { list: _list, ...storage } = createMemoryStorage();
    const manager = managerThat(async () => true);
    expect(await rejectionOf(keepGrantsAlive({ storage, manager, prefix }, {}))).toMatchObject({
      code: "invalid_options",
    });
  });
});
