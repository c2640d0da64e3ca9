import type { TokenStorage } from "@bitbucket-auth/core";
import type { StorageContractCase } from "./contract-case.js";
import { assertAbsent, assertStored, bytes, write } from "./expectations.js";

export const valueCases: readonly StorageContractCase[] = [
  {
    group: "values",
    title: "an entry of 8 kB fits",
    run: (storage) => keeps(storage, patterned(Math.min(8 * 1024, storage.caps.maxBytes ?? Infinity))),
  },
  {
    group: "values",
    title: "an entry of 64 kB fits, or as much as caps.maxBytes says",
    run: (storage) => keeps(storage, patterned(storage.caps.maxBytes ?? 64 * 1024)),
  },
  {
    group: "values",
    title: "every byte value survives",
    run: (storage) =>
      keeps(
        storage,
        Uint8Array.from({ length: 256 }, (_, byte) => byte),
      ),
  },
  {
    group: "values",
    title: "an empty entry is an entry",
    run: (storage) => keeps(storage, new Uint8Array()),
  },
  {
    group: "values",
    title: "a longer entry leaves nothing behind in a shorter one",
    async run(storage) {
      await write(storage, "k", null, "v1", patterned(1000));
      await write(storage, "k", "v1", "v2", patterned(10));
      await assertStored(storage, "k", "v2", patterned(10));
    },
  },
  {
    group: "values",
    title: "changing bytes after they were written changes nothing stored",
    async run(storage) {
      const handedIn = bytes("as written");
      await write(storage, "k", null, "v1", handedIn);
      handedIn.fill(0);
      await assertStored(storage, "k", "v1", bytes("as written"));
    },
  },
  {
    group: "values",
    title: "changing bytes that were read changes nothing stored",
    async run(storage) {
      await write(storage, "k", null, "v1", bytes("as written"));
      (await storage.get("k"))?.bytes.fill(0);
      await assertStored(storage, "k", "v1", bytes("as written"));
    },
  },
  {
    group: "values",
    title: "keys that differ in case alone are apart",
    run: (storage) => keepsApart(storage, ["client:Alice", "client:alice"]),
  },
  {
    group: "values",
    title: "keys with separators and braces are apart",
    run: (storage) =>
      keepsApart(storage, ["a", "a:", "a:b", "a/b", "a\\b", "{a}", "{a}b", "a%3Ab", "a b", "a.json"]),
  },
  {
    group: "values",
    title: "keys that look like paths are apart",
    run: (storage) => keepsApart(storage, [".", "..", "../k", "k/../k", "/k", "k"]),
  },
  {
    group: "values",
    title: "keys that look alike in unicode are apart",
    run: (storage) => keepsApart(storage, ["\u00e9", "e\u0301", "🔑", "🔒", "ключ"]),
  },
  {
    group: "values",
    title: "long keys are apart",
    run: (storage) => keepsApart(storage, [`${"k".repeat(600)}1`, `${"k".repeat(600)}2`]),
  },
];

async function keeps(storage: TokenStorage, content: Uint8Array): Promise<void> {
  await write(storage, "k", null, "v1", content);
  await assertStored(storage, "k", "v1", content);
}

async function keepsApart(storage: TokenStorage, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    await assertAbsent(storage, key);
    await write(storage, key, null, `v${index}`);
  }
  for (const [index, key] of keys.entries()) await assertStored(storage, key, `v${index}`);
}

/** No byte equals its neighbour, so that a shifted or repeated block shows. */
function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256);
}
