import { ForeignOriginError, StorageError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { asStorageError, shellQuote } from "../src/file-error.ts";

const failure = (code: string, path = "/data/tokens/1.json") =>
  Object.assign(new Error(`${code}: something failed`), { code, path });

describe("asStorageError()", () => {
  it.each([
    ["EACCES", "chmod -R u=rwX,go= '/data'"],
    ["EPERM", "chmod -R u=rwX,go= '/data'"],
    ["ENOSPC", "df -h '/data'"],
    ["EDQUOT", "df -h '/data'"],
    ["EROFS", "findmnt -T '/data'"],
    ["ENOTDIR", "mv '/data/tokens/1.json'"],
    ["ELOOP", "ls -l '/data/tokens/1.json'"],
  ])("answers %s with what to do", (code, command) => {
    const error = asStorageError(failure(code), "/data");
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: "storage_failed", action: "fix_config" });
    expect(error.message).toContain("/data/tokens/1.json");
    expect(error.message).toContain(command);
  });

  it("asks for another attempt where the file system may recover by itself", () => {
    expect(asStorageError(failure("EIO"), "/data")).toMatchObject({
      action: "retry",
      code: "storage_failed",
    });
    expect(asStorageError("thrown text", "/data")).toMatchObject({ action: "retry" });
  });

  it("leaves our own errors as they are", () => {
    const error = new ForeignOriginError("not the API");
    expect(asStorageError(error, "/data")).toBe(error);
  });
});

describe("shellQuote()", () => {
  it("makes one word of any path", () => {
    expect(shellQuote("/it's $HOME")).toBe(String.raw`'/it'\''s $HOME'`);
  });
});
