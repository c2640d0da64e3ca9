import { randomBytes } from "node:crypto";
import {
  createBitbucketAuth,
  isBitbucketAuthError,
  type BitbucketAuth,
  type BitbucketAuthOptions,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { hasRedisServer } from "../storm/redis-server.ts";
import { realStorages, withRealStorage, withRedis } from "./real-storage.ts";

const encryption = () => ({ current: "k1", keys: { k1: randomBytes(32) } });

interface SignedIn {
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  readonly options: BitbucketAuthOptions;
}

/** Alice, signed in on this storage with a token that has run out. */
async function expiredOn(storage: TokenStorage): Promise<SignedIn> {
  const mock = createBitbucketMock({ profile: "strict" });
  const grant = mock.issueGrant();
  const options: BitbucketAuthOptions = {
    ...grant.clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
    storage,
    encryption: encryption(),
  };
  const auth = createBitbucketAuth(options);
  await auth.saveTokens("alice", grant.tokens);
  await mock.clock.advance("121m");
  return { mock, auth, options };
}

/** The code of the error and what it asks for. Fails on anything that is not an error of ours. */
async function complaintOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => "resolved",
    (error: unknown) => error,
  );
  if (!isBitbucketAuthError(outcome)) throw new Error(`Not an error of ours: ${String(outcome)}`);
  return `${outcome.code}, ${outcome.action}`;
}

/** What is wrong has been mended: the grant is as it was, and one refresh makes it good. */
async function expectIntact({ mock, auth }: SignedIn, options: BitbucketAuthOptions): Promise<void> {
  expect(mock.requests.token()).toHaveLength(0);
  const later = createBitbucketAuth(options);
  await expect(later.getAccessToken("alice")).resolves.toBeTypeOf("string");
  await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  expect(mock.reuseCount).toBe(0);
}

describe.each(realStorages)("one typed error, and the record intact: %s", (name) => {
  it("for a key that is not the one it was sealed with", async () => {
    await withRealStorage(name, async ({ storage }) => {
      const signedIn = await expiredOn(storage);
      const stranger = createBitbucketAuth({ ...signedIn.options, encryption: encryption() });
      expect(await complaintOf(stranger.getAccessToken("alice"))).toBe("record_unreadable, fix_config");
      await expectIntact(signedIn, signedIn.options);
    });
  });

  it("for a record that was kept under the same name without encryption", async () => {
    await withRealStorage(name, async ({ storage }) => {
      const signedIn = await expiredOn(storage);
      const clear = { ...signedIn.options, encryption: "none" } as const;
      expect(await complaintOf(createBitbucketAuth(clear).getAccessToken("alice"))).toBe(
        "record_unreadable, fix_config",
      );
      await expectIntact(signedIn, signedIn.options);
    });
  });

  it("for bytes of another program in its place", async () => {
    await withRealStorage(name, async ({ storage }) => {
      const { auth, options, mock } = await expiredOn(storage);
      const [key = ""] = await Array.fromAsync(storage.list?.("") ?? []);
      const entry = await storage.get(key);
      const foreign = new TextEncoder().encode("something else entirely");
      await storage.compareAndSwap(key, entry?.version ?? null, foreign, { version: "foreign" });

      const reader = createBitbucketAuth(options);
      expect(await complaintOf(reader.getAccessToken("alice"))).toMatch(/^record_unreadable, /);
      expect((await storage.get(key))?.bytes).toEqual(foreign);
      // Signing in again is what replaces it.
      await auth.saveTokens("alice", mock.issueGrant().tokens);
      await expect(createBitbucketAuth(options).getAccessToken("alice")).resolves.toBeTypeOf("string");
    });
  });
});

describe.runIf(hasRedisServer)("one typed error, and the record intact, of a Redis", () => {
  it("that is not there", async () => {
    await withRedis(
      async ({ storage }, server) => {
        const signedIn = await expiredOn(storage);
        await server.kill();
        expect(await complaintOf(signedIn.auth.getAccessToken("alice"))).toBe("storage_failed, retry");
        await server.restart();
        await expectIntact(signedIn, signedIn.options);
      },
      { deadlineMs: 2_000 },
    );
  });

  it("that is full", async () => {
    await withRedis(async ({ storage }, server) => {
      const signedIn = await expiredOn(storage);
      await server.tell("CONFIG", "SET", "maxmemory", "1");
      expect(await complaintOf(signedIn.auth.getAccessToken("alice"))).toMatch(/^storage_failed, /);
      await server.tell("CONFIG", "SET", "maxmemory", "0");
      await expectIntact(signedIn, signedIn.options);
    });
  });

  it("that takes no writes because it follows another", async () => {
    await withRedis(async ({ storage }, server) => {
      const signedIn = await expiredOn(storage);
      await server.tell("CONFIG", "SET", "replica-serve-stale-data", "yes");
      await server.tell("REPLICAOF", "127.0.0.1", "1");
      expect(await complaintOf(signedIn.auth.getAccessToken("alice"))).toMatch(/^storage_failed, /);
      await server.tell("REPLICAOF", "NO", "ONE");
      await expectIntact(signedIn, signedIn.options);
    });
  });
});
