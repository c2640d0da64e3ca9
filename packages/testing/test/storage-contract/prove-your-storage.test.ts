import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { openInProcess } from "@bitbucket-auth/testing/storm";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createSqliteStorage } from "./sqlite-storage.ts";

let directory: string;

describeStorageContract("createSqliteStorage()", {
  runner: { describe, it, beforeEach, afterEach },
  create: () => {
    directory = mkdtempSync(join(tmpdir(), "sqlite-storage-"));
    return createSqliteStorage(join(directory, "tokens.db"));
  },
  reopen: () => createSqliteStorage(join(directory, "tokens.db")),
  reopenInProcess: () =>
    openInProcess(new URL("./open-sqlite-storage.ts", import.meta.url), join(directory, "tokens.db")),
  destroy: () => rmSync(directory, { recursive: true }),
});
