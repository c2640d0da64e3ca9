import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { openInProcess } from "@bitbucket-auth/testing/storm";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createFileStorage } from "../src/file-storage.ts";

let directory: string;

describeStorageContract("createFileStorage()", {
  runner: { describe, it, beforeEach, afterEach },
  create: async () => {
    directory = await mkdtemp(join(tmpdir(), "file-storage-"));
    return createFileStorage({ directory });
  },
  reopen: () => createFileStorage({ directory }),
  reopenInProcess: () =>
    openInProcess(new URL("./processes/open-file-storage.ts", import.meta.url), directory),
  destroy: () => rm(directory, { recursive: true }),
});
