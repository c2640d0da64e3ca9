import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import type { StorageContractCase } from "./contract-case.js";
import { write } from "./expectations.js";
import { lease } from "./passing-time.js";

export const listCases: readonly StorageContractCase[] = [
  {
    group: "list",
    title: "an empty storage lists nothing",
    needs: ["list"],
    run: (storage) => assertListed(storage, "", []),
  },
  {
    group: "list",
    title: "every live key is listed once",
    needs: ["list"],
    async run(storage) {
      for (const key of ["a", "b", "c"]) await write(storage, key, null, "v1");
      await write(storage, "a", "v1", "v2");
      await assertListed(storage, "", ["a", "b", "c"]);
    },
  },
  {
    group: "list",
    title: "only keys that start with the prefix are listed",
    needs: ["list"],
    async run(storage) {
      for (const key of ["app:1", "app:2", "app2:1", "my app:1", "APP:1"])
        await write(storage, key, null, "v1");
      await assertListed(storage, "app:", ["app:1", "app:2"]);
    },
  },
  {
    group: "list",
    title: "a prefix is text and not a pattern",
    needs: ["list"],
    async run(storage) {
      for (const key of ["a*", "ab", "a?", "[ab]", "a", "a\\*"]) await write(storage, key, null, "v1");
      await assertListed(storage, "a*", ["a*"]);
      await assertListed(storage, "[ab]", ["[ab]"]);
      await assertListed(storage, "a?", ["a?"]);
      await assertListed(storage, "a\\", ["a\\*"]);
    },
  },
  {
    group: "list",
    title: "keys come back as they were given",
    needs: ["list"],
    async run(storage) {
      const keys = ["a:b/c", "{a}", "../k", "\u00e9", "e\u0301", "🔑", "a b", 'say "k"', "k".repeat(600)];
      for (const key of keys) await write(storage, key, null, "v1");
      await assertListed(storage, "", keys);
    },
  },
  {
    group: "list",
    title: "a deleted key is not listed",
    needs: ["list"],
    async run(storage) {
      await write(storage, "a", null, "v1");
      await write(storage, "b", null, "v1");
      await storage.delete("a");
      await assertListed(storage, "", ["b"]);
    },
  },
  {
    group: "list",
    title: "a lease is not listed",
    needs: ["list"],
    async run(storage) {
      await lease(storage, "a", "alice");
      await write(storage, "b", null, "v1");
      await lease(storage, "b", "alice");
      await assertListed(storage, "", ["b"]);
    },
  },
];

async function assertListed(
  storage: TokenStorage,
  prefix: string,
  expected: readonly string[],
): Promise<void> {
  assert(storage.list !== undefined, "caps.list is true and list is not there");
  const listed: string[] = [];
  for await (const key of storage.list(prefix)) listed.push(key);
  assert.deepEqual(listed.toSorted(), expected.toSorted());
}
