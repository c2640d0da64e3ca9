import type { StorageContractCase } from "./contract-case.js";
import { assertAbsent, assertConflict, assertStored, assertWritten, bytes, write } from "./expectations.js";

export const writeCases: readonly StorageContractCase[] = [
  {
    group: "writes",
    title: "an entry nobody wrote reads as null",
    run: (storage) => assertAbsent(storage, "k"),
  },
  {
    group: "writes",
    title: "what is written reads back under its version",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a write that names the stored version replaces the entry",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "writes",
    title: "a write that names an overtaken version conflicts with the stored one",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertConflict(await storage.compareAndSwap("k", "v1", bytes("late"), { version: "v3" }), "v2");
    },
  },
  {
    group: "writes",
    title: "a refused write changes nothing",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await storage.compareAndSwap("k", "v0", bytes("late"), { version: "v2" });
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a first write conflicts with an entry that is there",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assertConflict(await storage.compareAndSwap("k", null, bytes("late"), { version: "v2" }), "v1");
    },
  },
  {
    group: "writes",
    title: "a write that expects an entry conflicts with none",
    async run(storage) {
      assertConflict(await storage.compareAndSwap("k", "v0", bytes("late"), { version: "v1" }), null);
      await assertAbsent(storage, "k");
    },
  },
  {
    group: "writes",
    title: "a repeated first write answers ok",
    async run(storage) {
      await write(storage, "k", null, "v1");
      assertWritten(await storage.compareAndSwap("k", null, bytes("written as v1"), { version: "v1" }));
      await assertStored(storage, "k", "v1");
    },
  },
  {
    group: "writes",
    title: "a repeated replacement answers ok",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertWritten(await storage.compareAndSwap("k", "v1", bytes("written as v2"), { version: "v2" }));
      await assertStored(storage, "k", "v2");
    },
  },
  {
    group: "writes",
    title: "a repeat of a write that was since replaced conflicts",
    async run(storage) {
      await write(storage, "k", null, "v1");
      await write(storage, "k", "v1", "v2");
      assertConflict(
        await storage.compareAndSwap("k", null, bytes("written as v1"), { version: "v1" }),
        "v2",
      );
    },
  },
  {
    group: "writes",
    title: "versions are compared and never ordered",
    async run(storage) {
      await write(storage, "k", null, "9");
      await write(storage, "k", "9", "10");
      await write(storage, "k", "10", "1");
      await assertStored(storage, "k", "1");
    },
  },
  {
    group: "writes",
    title: "a version may be any text",
    async run(storage) {
      const odd = 'v:1/../{"ü"}\n 🔑';
      await write(storage, "k", null, odd);
      await assertStored(storage, "k", odd);
      await write(storage, "k", odd, "v2");
      await assertStored(storage, "k", "v2");
    },
  },
];
