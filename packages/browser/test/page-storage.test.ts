import { createBitbucketAuth } from "@bitbucket-auth/core";
import { IDBObjectStore as FDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPageStorage } from "../src/index.ts";
import { rejectionOf } from "./fake-page.ts";
import { deferred, stubPage, type FakePlatform } from "./fake-platform.ts";

const dayMs = 24 * 3_600_000;
const content = new TextEncoder().encode("content");

let platform: FakePlatform;
let warnings: string[];
const logger = { warn: (text: string): void => void warnings.push(text) };

beforeEach(() => {
  platform = stubPage();
  warnings = [];
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The keys in an object store of the database. */
async function keysIn(store: "entries" | "leases"): Promise<IDBValidKey[]> {
  const opening = indexedDB.open("bitbucket-auth");
  await new Promise((resolve) => opening.addEventListener("success", resolve));
  const reading = opening.result.transaction(store).objectStore(store).getAllKeys();
  await new Promise((resolve) => reading.addEventListener("success", resolve));
  opening.result.close();
  return reading.result;
}

describe("createPageStorage() where the browser gives the page no database", () => {
  const refused = (): never => {
    throw new DOMException("", "SecurityError");
  };

  it.each([
    ["no IndexedDB", undefined],
    ["a refusal to open one", { open: refused }],
  ])("keeps entries in memory, warns once, and says so in caps (%s)", async (_what, indexedDB) => {
    vi.stubGlobal("indexedDB", indexedDB);
    const storage = createPageStorage({ logger });
    await storage.compareAndSwap("k", null, content, { version: "v1" });
    expect(await storage.get("k")).toMatchObject({ version: "v1" });
    expect(warnings).toEqual([expect.stringContaining("Allow site data for this origin.")]);
    expect(storage.caps).toMatchObject({ durable: false, lease: "process" });
  });

  it("warns of nothing with logging: false", async () => {
    vi.stubGlobal("indexedDB", undefined);
    await createPageStorage({ logger, logging: false }).get("k");
    expect(warnings).toEqual([]);
  });

  it("rejects, and keeps nothing in memory, when the database fails for another reason", async () => {
    vi.stubGlobal("indexedDB", {
      open: () => {
        throw new DOMException("disk", "UnknownError");
      },
    });
    const error = await rejectionOf(createPageStorage({ logger }).get("k"));
    expect(error).toMatchObject({ code: "storage_failed", transient: true });
    expect(String(error)).toContain(
      'storage.get failed in the IndexedDB database "bitbucket-auth" (UnknownError)',
    );
    expect(warnings).toEqual([]);
  });
});

describe("createPageStorage() and its database", () => {
  it("serves createBitbucketAuth() without encryption, and keeps tokens for the next page", async () => {
    const options = { clientId: "key", clientSecret: "secret" };
    const tokens = {
      accessToken: "a",
      refreshToken: "r",
      expiresAt: Date.now() + dayMs,
      tokenType: "bearer",
    } as const;
    const first = createBitbucketAuth({ ...options, storage: createPageStorage() });
    await first.saveTokens("alice", tokens);
    const second = createBitbucketAuth({ ...options, storage: createPageStorage() });
    expect(await second.getAccessToken("alice")).toBe("a");
  });

  it("does not keep the database from being deleted, and starts anew afterwards", async () => {
    const storage = createPageStorage();
    await storage.compareAndSwap("k", null, content, { version: "v1" });
    const deletion = indexedDB.deleteDatabase("bitbucket-auth");
    await new Promise((resolve) => deletion.addEventListener("success", resolve));
    expect(await storage.get("k")).toBeNull();
    expect(await storage.compareAndSwap("k", null, content, { version: "v2" })).toEqual({ ok: true });
  });

  it("finds what another tab takes over from local storage between this tab's two looks", async () => {
    const [late, other] = [createPageStorage({ logger }), createPageStorage({ logger })];
    await late.get("another key");
    platform.local.set("k", JSON.stringify({ accessToken: "a", refreshToken: "r" }));
    const takenOver = deferred();
    // The late tab's answer from the database, "nothing", reaches it when the other tab is done.
    const get = vi.spyOn(FDBObjectStore.prototype, "get").mockImplementationOnce(function (
      this: IDBObjectStore,
      key,
    ) {
      get.mockRestore();
      const request = this.get(key);
      const listen = request.addEventListener.bind(request);
      const listenLate = (type: string, listener: () => void): void =>
        listen(type, () => void takenOver.promise.then(listener));
      Object.assign(request, { addEventListener: listenLate });
      return request;
    });
    const looked = late.get("k");
    const entry = await other.get("k");
    expect(platform.local.has("k")).toBe(false);
    takenOver.resolve();
    expect(await looked).toEqual(entry);
    expect(entry).not.toBeNull();
  });

  it.each([
    ["which a sign-in found there", "before the sign-in"],
    ["which a tab of an earlier version wrote since", "after the sign-in"],
  ])(
    "does not bring back an entry of local storage, %s, once a sign-out is forgotten",
    async (_who, when) => {
      const options = { clientId: "key", clientSecret: "secret" };
      const entry = JSON.stringify({
        accessToken: "old",
        refreshToken: "old",
        expiresAt: Date.now() + 99 * dayMs,
      });
      const key = "bitbucket.org/key/user/alice";
      if (when === "before the sign-in") platform.local.set(key, entry);
      const tokens = { accessToken: "a", expiresAt: Date.now() + dayMs, tokenType: "bearer" } as const;
      const auth = createBitbucketAuth({ ...options, storage: createPageStorage() });
      await auth.saveTokens("alice", tokens);
      if (when === "after the sign-in") platform.local.set(key, entry);
      await auth.signOut("alice");
      vi.setSystemTime(Date.now() + 8 * dayMs);
      await auth.saveTokens("ben", tokens);
      expect(await rejectionOf(auth.getAccessToken("alice"))).toMatchObject({ code: "signed_out" });
      expect([...platform.local.keys()]).toEqual([]);
    },
  );

  it("says that nothing was changed and what to do when the origin has no space left", async () => {
    const storage = createPageStorage();
    await storage.get("k");
    const put = vi.spyOn(FDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("", "QuotaExceededError");
    });
    const error = await rejectionOf(storage.compareAndSwap("k", null, content, { version: "v1" }));
    put.mockRestore();
    expect(error).toMatchObject({ code: "storage_failed", action: "fix_config", transient: false });
    expect(String(error)).toContain("(QuotaExceededError). Nothing was changed.");
    expect(await storage.get("k")).toBeNull();
  });

  it("rejects every call after close()", async () => {
    const storage = createPageStorage();
    await storage.close();
    for (const call of [
      storage.get("k"),
      storage.delete("k"),
      storage.compareAndSwap("k", null, content, { version: "v1" }),
      storage.tryLease("k", { owner: "alice", ttlMs: 1 }),
    ])
      expect(await rejectionOf(call)).toMatchObject({ code: "storage_failed" });
  });
});

describe("createPageStorage() and what it forgets", () => {
  it("keeps what it took over while its refresh fails, however long: nothing says when it ends", async () => {
    platform.local.set("bitbucket.org/key/user/alice", JSON.stringify({ refreshToken: "refresh-1" }));
    const answers = [
      new Response("busy", { status: 503 }),
      Response.json({ access_token: "access-2", token_type: "bearer" }),
    ];
    const auth = createBitbucketAuth({
      clientId: "key",
      clientSecret: "secret",
      storage: createPageStorage(),
      logging: false,
      fetch: async () => answers.shift() ?? Response.error(),
    });
    expect(await rejectionOf(auth.getAccessToken("alice"))).toMatchObject({ transient: true });
    vi.setSystemTime(Date.now() + 30 * dayMs);
    await auth.saveTokens("ben", { accessToken: "a", expiresAt: Date.now() + dayMs, tokenType: "bearer" });
    expect(await auth.getAccessToken("alice")).toBe("access-2");
  });

  it("removes expired entries and tombstones, with their leases, at the next write", async () => {
    const storage = createPageStorage();
    const lease = await storage.tryLease("old", { owner: "alice", ttlMs: 1 });
    await lease?.release();
    await storage.compareAndSwap("old", null, content, { version: "v1", expireAt: Date.now() + dayMs });
    await storage.compareAndSwap("kept", null, content, { version: "v1" });
    await storage.compareAndSwap("gone", null, content, { version: "v1" });
    await storage.delete("gone");
    vi.setSystemTime(Date.now() + 2 * dayMs);
    await storage.compareAndSwap("new", null, content, { version: "v1" });
    expect(await keysIn("entries")).toEqual(["gone", "kept", "new"]);
    expect(await keysIn("leases")).toEqual([]);
    vi.setSystemTime(Date.now() + 6 * dayMs);
    await storage.compareAndSwap("new", "v1", content, { version: "v2" });
    expect(await keysIn("entries")).toEqual(["kept", "new"]);
  });

  it("answers a repeated deletion as the first, and leaves a newer entry alone", async () => {
    const storage = createPageStorage();
    await storage.compareAndSwap("k", null, content, { version: "v1" });
    expect(await storage.delete("k", { version: "gone" })).toBe(true);
    expect(await storage.delete("k", { version: "gone" })).toBe(true);
    await storage.compareAndSwap("k", "gone", content, { version: "v2" });
    await storage.compareAndSwap("k", "v2", content, { version: "v3" });
    expect(await storage.delete("k", { version: "gone" })).toBe(true);
    expect(await storage.get("k")).toMatchObject({ version: "v3" });
  });
});

describe("createPageStorage() and its leases", () => {
  it("frees the Web Lock of a lease that is released, refused or closed over", async () => {
    const storage = createPageStorage();
    const lease = await storage.tryLease("k", { owner: "alice", ttlMs: dayMs });
    expect(platform.locks.held.size).toBe(1);
    await storage.tryLease("k", { owner: "alice", ttlMs: dayMs });
    expect(await storage.tryLease("k", { owner: "bob", ttlMs: dayMs })).toBeNull();
    expect(platform.locks.held.size).toBe(1);
    await lease?.release();
    await storage.tryLease("k", { owner: "bob", ttlMs: dayMs });
    await storage.close();
    await Promise.resolve();
    await expect.poll(() => platform.locks.held.size).toBe(0);
  });

  it("gives a lease away whose time cannot be known, because the clock was set back by an hour", async () => {
    const storage = createPageStorage();
    await storage.tryLease("k", { owner: "alice", ttlMs: 30_000 });
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await storage.tryLease("k", { owner: "bob", ttlMs: 30_000 })).not.toBeNull();
  });

  it("waits for the lapse of a lease whose holder has no Web Locks", async () => {
    vi.stubGlobal("navigator", {});
    const storage = createPageStorage();
    await storage.tryLease("k", { owner: "alice", ttlMs: 30_000 });
    vi.stubGlobal("navigator", { locks: platform.locks });
    expect(await storage.tryLease("k", { owner: "bob", ttlMs: 30_000 })).toBeNull();
    vi.setSystemTime(Date.now() + 30_000);
    expect(await storage.tryLease("k", { owner: "bob", ttlMs: 30_000 })).not.toBeNull();
  });

  it("frees an aborted caller while the database is silent", async () => {
    vi.stubGlobal("indexedDB", { open: () => new EventTarget() });
    const caller = new AbortController();
    const call = createPageStorage().get("k", { signal: caller.signal });
    caller.abort(new Error("no longer needed"));
    expect(await rejectionOf(call)).toMatchObject({ message: "no longer needed" });
  });
});
