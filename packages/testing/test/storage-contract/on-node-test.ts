import { afterEach, beforeEach, describe, it } from "node:test";
import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { createSharedMemory } from "./shared-memory.ts";

let open: ReturnType<typeof createSharedMemory>;

describeStorageContract("createSharedMemory()", {
  runner: { describe, it, beforeEach, afterEach },
  create: () => (open = createSharedMemory())(),
  reopen: () => open(),
  reopenInProcess: async () => open(),
});
