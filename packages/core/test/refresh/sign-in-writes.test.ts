import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import type { TokenStorage } from "../../src/storage/token-storage.ts";
import {
  type AuthUnderTest,
  createAuthUnderTest,
  freshTokens,
  grants,
  hour,
  keyOf,
  storageDown,
} from "../auth-under-test.ts";
import { deferred, rejectionOf, until } from "../promises.ts";
import { describe, expect, it } from "vitest";

/** A peer that refreshes the grant as soon as it has expired: it has announced that, and waits for Bitbucket's answer. */
interface Peer {
  /** Resolves when the peer has announced its refresh. */
  begin(): Promise<void>;
  /** Lets Bitbucket answer, and resolves when the peer has saved. */
  end(): Promise<void>;
}

function createPeer({ another, requests }: AuthUnderTest, release: () => void): Peer {
  let refreshing: Promise<unknown> | undefined;
  return {
    async begin() {
      refreshing = another().getAccessToken("ann");
      await until(() => requests.length > 0);
    },
    async end() {
      release();
      await refreshing;
    },
  };
}

describe("a sign-in whose write arrived and was reported as failed", () => {
  it.each(["second look", "second write"] as const)(
    "leaves what a peer has refreshed it to before its %s",
    async (moment) => {
      const answered = deferred();
      const memory = createMemoryStorage();
      const test = createAuthUnderTest(
        [
          async () => {
            await answered.promise;
            return grants(2);
          },
        ],
        { storage: memory },
      );
      const peer = createPeer(test, () => answered.resolve());
      let [looks, writes] = [0, 0];
      const storage: TokenStorage = {
        ...memory,
        async get(key) {
          if (++looks === 2 && moment === "second look") await peer.end();
          return memory.get(key);
        },
        async compareAndSwap(...write) {
          writes++;
          // The first two are one write: core repeats what it has no answer to.
          if (writes === 2) await peer.begin();
          if (writes === 3 && moment === "second write") await peer.end();
          const result = await memory.compareAndSwap(...write);
          if (writes === 1) throw new Error("the connection broke");
          return result;
        },
      };
      const auth = test.another({ storage });
      await auth.saveTokens("ann", { ...freshTokens(test.clock), expiresAt: test.clock.now() - hour });
      await peer.end();
      expect(test.sent()).toEqual(["refresh-1"]);
      expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
      expect(await auth.getAccessToken("ann")).toBe("access-2");
    },
  );
});

describe("a sign-in that cannot read what has followed from its own write", () => {
  it("rejects, and leaves what a peer has refreshed it to", async () => {
    const memory = createMemoryStorage();
    const test = createAuthUnderTest([grants(2)], { storage: memory });
    let writes = 0;
    const storage: TokenStorage = {
      ...memory,
      get: async () => {
        throw new Error("the connection broke");
      },
      async compareAndSwap(...write) {
        writes++;
        if (writes === 2) await test.another().getAccessToken("ann");
        const result = await memory.compareAndSwap(...write);
        if (writes === 1) throw new Error("the connection broke");
        return result;
      },
    };
    const tokens = { ...freshTokens(test.clock), expiresAt: test.clock.now() - hour };
    const error = await rejectionOf(test.another({ storage }).saveTokens("ann", tokens));
    expect(error).toMatchObject({ code: "storage_failed" });
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("is saved where no write of its own can have arrived: its code is spent", async () => {
    const memory = createMemoryStorage();
    const test = createAuthUnderTest([], { storage: memory });
    await test.store();
    test.script("get", storageDown, storageDown);
    await test.auth.saveTokens("ann", { ...freshTokens(test.clock), refreshToken: "refresh-9" });
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-9" });
  });

  it("takes the place of a record that does not open, although its first write got no answer", async () => {
    const test = createAuthUnderTest();
    await test.storage.compareAndSwap(keyOf("ann"), null, new TextEncoder().encode("junk"), {
      version: "v1",
    });
    test.script("compareAndSwap", storageDown);
    await test.auth.saveTokens("ann", freshTokens(test.clock));
    expect(await test.stored()).toMatchObject({ refreshToken: "refresh-1" });
  });
});

describe("saveTokens()", () => {
  it("leaves the grant that a peer has refreshed these very tokens to", async () => {
    const { auth, another, clock, stored } = createAuthUnderTest([grants(2)]);
    const tokens = freshTokens(clock);
    await another().saveTokens("ann", tokens);
    clock.move(2 * hour);
    await another().getAccessToken("ann");
    await auth.saveTokens("ann", tokens);
    expect(await stored()).toMatchObject({ refreshToken: "refresh-2" });
    expect(await auth.getAccessToken("ann")).toBe("access-2");
  });

  it("saves a newer access token that came with the same refresh token", async () => {
    const { auth, clock, stored } = createAuthUnderTest([grants(2, { refresh_token: undefined })]);
    await auth.saveTokens("ann", freshTokens(clock));
    clock.move(2 * hour);
    await auth.getAccessToken("ann");
    await auth.saveTokens("ann", { ...freshTokens(clock), accessToken: "access-3" });
    expect(await stored()).toMatchObject({ accessToken: "access-3", refreshToken: "refresh-1" });
    expect(await auth.getAccessToken("ann")).toBe("access-3");
  });

  it("takes the place of a refreshed grant that Bitbucket has refused", async () => {
    const { auth, clock, store, stored } = createAuthUnderTest();
    await auth.saveTokens("ann", freshTokens(clock));
    const first = await stored();
    await store({ refreshFp: "dead", parentFp: first?.refreshFp, status: "reauth_required" });
    await auth.saveTokens("ann", freshTokens(clock));
    expect(await stored()).toMatchObject({ refreshToken: "refresh-1", status: "active" });
  });
});
