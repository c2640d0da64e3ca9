import { randomBytes } from "node:crypto";
import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { rejection, signedInApp } from "./signed-in-app.ts";

async function everyEntry(storage: TokenStorage) {
  const keys = await Array.fromAsync(storage.list?.("") ?? []);
  return Promise.all(
    keys.map(async (key) => {
      const entry = await storage.get(key);
      if (!entry) throw new Error(`${key} has gone`);
      return { key, ...entry };
    }),
  );
}

const encryption = () => ({ current: "k1", keys: { k1: randomBytes(32) } });

describe("records at rest", () => {
  it("hold no token in any form", async () => {
    const storage = createMemoryStorage();
    const { mock, auth, expire, grant } = await signedInApp({ storage, encryption: encryption() });
    await expire();
    await auth.getAccessToken("alice");

    const raw = (await everyEntry(storage))
      .map(({ bytes, key }) => key + Buffer.from(bytes).toString("latin1"))
      .join();
    for (const { accessToken, refreshToken = "" } of [grant.tokens, mock.grant(grant).tokens]) {
      for (const secret of [accessToken, refreshToken]) {
        expect(raw.includes(secret)).toBe(false);
        expect(raw.includes(Buffer.from(secret).toString("base64").slice(0, 40))).toBe(false);
      }
    }
    expect(raw).toContain("bb1.k1.");
  });

  it("do not open under another account", async () => {
    const storage = createMemoryStorage();
    const keys = encryption();
    const { mock, auth, another } = await signedInApp({ storage, encryption: keys });
    await auth.saveTokens("bob", mock.issueGrant().tokens);
    const [first, second] = await everyEntry(storage);
    if (!first || !second) throw new Error("two entries were expected");
    await storage.compareAndSwap(first.key, first.version, second.bytes, { version: "swapped" });
    await storage.compareAndSwap(second.key, second.version, first.bytes, { version: "swapped too" });

    const reader = another({ storage, encryption: keys });
    for (const account of ["alice", "bob"]) {
      expect(await rejection(reader.getAccessToken(account))).toMatchObject({ code: "record_unreadable" });
    }
    expect((await everyEntry(storage)).map(({ bytes }) => bytes)).toEqual([second.bytes, first.bytes]);
    expect(mock.requests.all).toHaveLength(0);
  });

  it("change keys while readers and refreshes go on", async () => {
    const storage = createMemoryStorage();
    const k1 = randomBytes(32);
    const old = { current: "k1", keys: { k1 } };
    const both = { current: "k2", keys: { k1, k2: randomBytes(32) } };
    const { mock, auth, another } = await signedInApp({ storage, encryption: old });
    const accounts = Array.from({ length: 50 }, (_, index) => `account ${index}`);
    for (const account of accounts) await auth.saveTokens(account, mock.issueGrant().tokens);

    const reader = another({ storage, encryption: both });
    await mock.clock.advance("121m");
    const [report] = await Promise.all([
      another({ storage, encryption: both }).rekey(),
      ...accounts.map((account) => reader.getAccessToken(account)),
    ]);

    expect(report.rewritten + report.overtaken).toBe(51);
    const raw = (await everyEntry(storage)).map(({ bytes }) =>
      new TextDecoder().decode(bytes.subarray(0, 7)),
    );
    expect(new Set(raw)).toEqual(new Set(["bb1.k2."]));
    expect(mock.reuseCount).toBe(0);
  });
});
