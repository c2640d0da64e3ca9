import assert from "node:assert/strict";
import type { TokenStorage } from "@bitbucket-auth/core";
import type { StorageContractCase } from "./contract-case.js";
import { write } from "./expectations.js";
import { lease, pass, until } from "./passing-time.js";

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
