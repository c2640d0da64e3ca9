import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { createPageStorage } from "../src/index.ts";
import { stubPage } from "./fake-platform.ts";

const runner = { describe, it, beforeEach, afterEach };

describeStorageContract("createPageStorage() keeps the storage contract in IndexedDB", {
  runner,
  create() {
    stubPage();
    return createPageStorage();
  },
  reopen: () => createPageStorage(),
  destroy: () => void vi.unstubAllGlobals(),
});

describeStorageContract("createPageStorage() keeps the storage contract where there are no Web Locks", {
  runner,
  create() {
    stubPage();
    vi.stubGlobal("navigator", {});
    return createPageStorage();
  },
  reopen: () => createPageStorage(),
  destroy: () => void vi.unstubAllGlobals(),
});

describeStorageContract(
  "createPageStorage() keeps the storage contract in memory, where the page gets no database",
  {
    runner,
    async create() {
      vi.stubGlobal("indexedDB", undefined);
      const storage = createPageStorage({ logging: false });
      await storage.get("k");
      return storage;
    },
    destroy: () => void vi.unstubAllGlobals(),
  },
);
