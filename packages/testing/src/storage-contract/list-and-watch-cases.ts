import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import { type StorageContractCase, write, lease, listedKeys, pass, until } from "./contract-case.js";

/** Which keys `list()` yields. */
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
    title: "a list of more than one page is whole",
    needs: ["list"],
    async run(storage) {
      const keys = Array.from({ length: 1_001 }, (_, nth) => `app:${nth}`);
      for (let start = 0; start < keys.length; start += 91)
        await Promise.all(keys.slice(start, start + 91).map((key) => write(storage, key, null, "v1")));
      await write(storage, "other", null, "v1");
      await assertListed(storage, "app:", keys);
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
  assert.deepEqual((await listedKeys(storage, prefix)).toSorted(), expected.toSorted());
}

/** A notice may be late or be lost, so each case makes the change again until it is told. */
export const watchCases: readonly StorageContractCase[] = [
  {
    group: "watch",
    title: "a watcher is told of a write",
    needs: ["watch"],
    async run(storage) {
      const changes = makeWrites(storage, "k");
      const heard = listen(storage, "k");
      await until("a notice of a write", () => changes().then(heard.any));
      heard.stop();
    },
  },
  {
    group: "watch",
    title: "a watcher is told of a deletion",
    needs: ["watch"],
    async run(storage) {
      const changes = makeWrites(storage, "k");
      const heard = listen(storage, "k");
      await until("a notice of a write", () => changes().then(heard.any));
      await pass(storage);
      const deletionHeard = heard.another();
      await until("a notice of a deletion", () => storage.delete("k").then(deletionHeard));
      heard.stop();
    },
  },
  {
    group: "watch",
    title: "a watcher is told that a lease was released",
    needs: ["watch"],
    async run(storage) {
      const heard = listen(storage, "k");
      await until("a notice of a release", async () => {
        await (await lease(storage, "k", "alice")).release();
        return heard.any();
      });
      heard.stop();
    },
  },
  {
    group: "watch",
    title: "every watcher of a key is told",
    needs: ["watch"],
    async run(storage) {
      const changes = makeWrites(storage, "k");
      const [one, other] = [listen(storage, "k"), listen(storage, "k")];
      await until("a notice to both", () => changes().then(() => one.any() && other.any()));
      one.stop();
      other.stop();
    },
  },
  {
    group: "watch",
    title: "a watcher that was stopped hears nothing",
    needs: ["watch"],
    async run(storage) {
      const changes = makeWrites(storage, "k");
      const [stopped, other] = [listen(storage, "k"), listen(storage, "k")];
      stopped.stop();
      await until("a notice to the other watcher", () => changes().then(other.any));
      other.stop();
      assert.equal(stopped.any(), null, "it was told after it had stopped watching");
    },
  },
];

interface Listener {
  /** `true` once there was a notice. */
  readonly any: () => true | null;
  /** `true` once there was a notice after this moment. */
  readonly another: () => () => true | null;
  readonly stop: () => void;
}

/** Watches a key and counts the notices. Fails where the storage has no `watch`. */
export function listen(storage: TokenStorage, key: string): Listener {
  assert(storage.watch !== undefined, "caps.watch is true and watch is not there");
  let notices = 0;
  const stop = storage.watch(key, () => {
    notices += 1;
  });
  const another = () => {
    const before = notices;
    return () => (notices > before ? true : null);
  };
  return { any: another(), another, stop };
}

/** Answers a function that changes the entry each time it is called. */
export function makeWrites(storage: TokenStorage, key: string): () => Promise<void> {
  let count = 0;
  return async () => {
    count += 1;
    await write(storage, key, count === 1 ? null : `v${count - 1}`, `v${count}`);
  };
}
