import { randomBytes } from "node:crypto";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { realStorages, withRealStorage } from "./real-storage.ts";

/** Registers the tests of a key rotation over so many records. */
export function describeKeyRotation(records: number): void {
  const timeoutMs = 300_000 + records * 60;
  describe.each(realStorages)("a key rotation: %s", (name) => {
    it(
      `seals ${records} records anew while readers go on, none of whom fails`,
      { timeout: timeoutMs },
      async () => {
        await withRealStorage(name, async ({ storage }) => {
          const mock = createBitbucketMock({ profile: { accessTokenLength: 100, refreshTokenLength: 100 } });
          const grant = mock.issueGrant();
          const [k1, k2] = [randomBytes(32), randomBytes(32)];
          const open = (encryption: { current: string; keys: Record<string, Uint8Array> }) =>
            createBitbucketAuth({
              ...grant.clientOptions,
              fetch: mock.fetch,
              clock: mock.clock,
              logging: false,
              storage,
              encryption,
              refresh: { cacheMs: 0 },
            });
          const before = open({ current: "k1", keys: { k1, k2 } });
          const after = open({ current: "k2", keys: { k1, k2 } });
          const accounts = Array.from({ length: records }, (_, index) => `account-${index}`);
          for (const account of accounts)
            await before.saveTokens(account, { ...grant.tokens, accessToken: `token-of-${account}` });

          let rotating = true;
          let reads = 0;
          const failures: unknown[] = [];
          const read = async (auth: typeof before): Promise<void> => {
            while (rotating) {
              const account = accounts[(reads++ * 7_919) % records] ?? "";
              const token = await auth.getAccessToken(account).catch((error: unknown) => error);
              if (token !== `token-of-${account}`) failures.push(token);
            }
          };
          const readers = [read(before), read(after)];
          const report = await after.rekey();
          rotating = false;
          await Promise.all(readers);

          expect(failures).toEqual([]);
          expect(reads).toBeGreaterThan(records / 10);
          expect(report).toMatchObject({ rewritten: records, overtaken: 0 });
          const later = open({ current: "k2", keys: { k2 } });
          for (const account of accounts)
            expect(await later.getAccessToken(account)).toBe(`token-of-${account}`);
          expect(mock.requests.all).toHaveLength(0);
        });
      },
    );
  });
}
