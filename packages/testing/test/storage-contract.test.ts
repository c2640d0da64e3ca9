import { AssertionError } from "node:assert/strict";
import { createMemoryStorage } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appliesTo, describeStorageContract, storageContract } from "../src/storage-contract.ts";
import { brokenStorages } from "./storage-contract/broken-storages.ts";
import { createSharedMemory } from "./storage-contract/shared-memory.ts";

describeStorageContract("createMemoryStorage()", {
  runner: { describe, it, beforeEach, afterEach },
  create: () => createMemoryStorage(),
});

describe("two handles on one memory", () => {
  let open: ReturnType<typeof createSharedMemory>;
  describeStorageContract("createSharedMemory()", {
    runner: { describe, it, beforeEach, afterEach },
    create: () => {
      open = createSharedMemory();
      return open();
    },
    reopen: () => open(),
  });
});

describe("each contract case can fail", () => {
  it.each(storageContract)("$title", async (contractCase) => {
    const breakStorage = brokenStorages[contractCase.title];
    if (!breakStorage) throw new Error("No storage is broken on purpose for this case: add one.");
    const open = breakStorage();
    const storage = open();
    expect(appliesTo(contractCase, storage.caps)).toBe(true);
    await expect(contractCase.run(storage, async () => open())).rejects.toBeInstanceOf(AssertionError);
  });
});

describe("storageContract", () => {
  it("has a title of its own for each case", () => {
    const titles = storageContract.map(({ title }) => title);
    expect(titles).toHaveLength(new Set(titles).size);
  });

  it("has a case for every storage that is broken on purpose", () => {
    const titles = new Set(storageContract.map(({ title }) => title));
    expect(Object.keys(brokenStorages).filter((title) => !titles.has(title))).toEqual([]);
  });
});
