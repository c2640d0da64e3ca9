import { randomBytes } from "node:crypto";
import { createBitbucketAuth, type BitbucketAuthOptions, type TokenStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { realStorages, withRealStorage } from "./real-storage.ts";

const encryption = () => ({ current: "k1", keys: { k1: randomBytes(32) } });

/** Alice and Bob, signed in on a storage, and each with a refresh behind them. */
async function twoAccounts(storage: TokenStorage) {
  const mock = createBitbucketMock({ profile: "strict" });
  const grants = { alice: mock.issueGrant(), bob: mock.issueGrant() };
  const options: BitbucketAuthOptions = {
    ...grants.alice.clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
    storage,
    encryption: encryption(),
  };
  const auth = createBitbucketAuth(options);
  for (const account of ["alice", "bob"] as const) await auth.saveTokens(account, grants[account].tokens);
  await mock.clock.advance("121m");
  for (const account of ["alice", "bob"]) await auth.getAccessToken(account);
  return { mock, grants, options };
}

describe.each(realStorages)("what is kept outside the process: %s", (name) => {
  it("holds no token and no secret, in no file and under no key", async () => {
    await withRealStorage(name, async ({ storage, rawBytes }) => {
      const { mock, grants } = await twoAccounts(storage);

      const raw = await rawBytes();
      const secrets = Object.values(grants).flatMap((grant) => {
        const { accessToken, refreshToken = "" } = mock.grant(grant).tokens;
        return [accessToken, refreshToken, grant.tokens.accessToken, grant.tokens.refreshToken ?? ""];
      });
      for (const secret of [...secrets, grants.alice.clientOptions.clientSecret]) {
        expect(raw.includes(secret)).toBe(false);
        expect(raw.includes(Buffer.from(secret).toString("base64").slice(0, 40))).toBe(false);
      }
      expect(mock.leaks(raw.toString("latin1"))).toEqual([]);
      // It is the right place that was searched: what is kept there is sealed.
      expect(raw.length).toBeGreaterThan(10_000);
    });
  });

  it("does not open under another account, and stays as it is", async () => {
    await withRealStorage(name, async ({ storage }) => {
      const { mock, options } = await twoAccounts(storage);
      const [first, second] = await entriesOf(storage);
      if (!first || !second) throw new Error("Two entries were expected");
      const swaps = [
        { key: first.key, version: first.version, bytes: second.bytes, name: "swapped" },
        { key: second.key, version: second.version, bytes: first.bytes, name: "swapped too" },
      ];
      for (const swap of swaps)
        await storage.compareAndSwap(swap.key, swap.version, swap.bytes, { version: swap.name });
      const before = mock.requests.all.length;

      const reader = createBitbucketAuth(options);
      for (const account of ["alice", "bob"])
        await expect(reader.getAccessToken(account)).rejects.toMatchObject({ code: "record_unreadable" });

      expect(mock.requests.all).toHaveLength(before);
      expect((await entriesOf(storage)).map(({ version }) => version).toSorted()).toEqual([
        "swapped",
        "swapped too",
      ]);
    });
  });
});

async function entriesOf(storage: TokenStorage) {
  const keys = await Array.fromAsync(storage.list?.("") ?? []);
  return Promise.all(
    keys.map(async (key) => {
      const entry = await storage.get(key);
      if (!entry) throw new Error(`${key} has gone`);
      return { key, ...entry };
    }),
  );
}
