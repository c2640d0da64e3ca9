import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStorageContract } from "@bitbucket-auth/testing/storage-contract";
import { afterEach, beforeEach, describe, it } from "vitest";
import { openFileStorage } from "../src/file-storage.ts";
import { surroundingsIn } from "./harness.ts";
import { refusingLinks } from "./without-links.ts";

describe("a file system without hard links", () => {
  let directory: string;
  const open = () =>
    openFileStorage({ directory, logging: false }, surroundingsIn(directory, { fs: refusingLinks("EPERM") }));

  describeStorageContract("openFileStorage()", {
    runner: { describe, it, beforeEach, afterEach },
    create: () => {
      directory = mkdtempSync(join(tmpdir(), "storage-file-"));
      return open();
    },
    reopen: open,
    destroy: () => rmSync(directory, { recursive: true }),
  });
});
