import { getEventListeners } from "node:events";
import { ForeignOriginError, StorageError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { asStorageError, boundedCall, shellQuote } from "../src/file-system.ts";

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

const never = () => new Promise<never>(() => {});

describe("boundedCall()", () => {
  it("answers what the call answers", async () => {
    expect(await boundedCall({}, async () => 1)).toBe(1);
    const { signal } = new AbortController();
    expect(await boundedCall({ signal, deadlineMs: 1_000 }, async () => 2)).toBe(2);
    await expect(boundedCall({ signal }, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("leaves no timer and no listener behind", async () => {
    const { signal } = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    await boundedCall({ signal, deadlineMs: 600_000 }, async () => 1);
    expect(timers()).toBe(before);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("begins nothing for a signal that was aborted before", async () => {
    let begun = false;
    const call = async () => {
      begun = true;
    };
    await expect(boundedCall({ signal: AbortSignal.abort() }, call)).rejects.toBeInstanceOf(StorageError);
    expect(begun).toBe(false);
  });

  it("frees the caller when the signal fires", async () => {
    const controller = new AbortController();
    const called = boundedCall({ signal: controller.signal }, never);
    controller.abort();
    await expect(called).rejects.toMatchObject({ code: "storage_failed", action: "retry" });
  });

  it.each([2 ** 31, Number.POSITIVE_INFINITY])(
    "takes a deadline longer than any timer: %s",
    async (deadlineMs) => {
      const called = boundedCall(
        { deadlineMs },
        () => new Promise((resolve) => void setImmediate(resolve, "late")),
      );
      await expect(called).resolves.toBe("late");
    },
  );

  it("frees the caller at the deadline", async () => {
    await expect(boundedCall({ deadlineMs: 1 }, never)).rejects.toMatchObject({
      code: "storage_failed",
      action: "retry",
    });
  });
});
