import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { createWarn, type FileStorageWarning, type Warn } from "../src/warning.ts";

type Log = (message: string, fields?: object) => void;

const warning: FileStorageWarning = {
  code: "corrupt_file",
  message: "A file was damaged.",
  path: "/data/1.json",
};

describe("createWarn()", () => {
  it("tells the callback", () => {
    const onWarning = vi.fn<Warn>();
    createWarn({ onWarning })(warning);
    expect(onWarning.mock.calls).toEqual([[warning]]);
  });

  it("tells a logger", () => {
    const warn = vi.fn<Log>();
    createWarn({ logger: { warn } })(warning);
    expect(warn.mock.calls).toEqual([
      ["A file was damaged.", { code: "corrupt_file", path: "/data/1.json" }],
    ]);
  });

  it("tells the console when logging is on", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createWarn({ logging: true })(warning);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it("tells the process without a callback and a logger", async () => {
    const told = once(process, "warning");
    createWarn({})(warning);
    expect(await told).toEqual([
      expect.objectContaining({ message: "A file was damaged.", code: "BITBUCKET_AUTH_CORRUPT_FILE" }),
    ]);
  });

  it("tells the process, and does not throw, when a callback or a logger does", async () => {
    const told = once(process, "warning");
    const fail = (): never => {
      throw new Error("no");
    };
    createWarn({ onWarning: fail })(warning);
    expect(await told).toEqual([expect.objectContaining({ message: "A file was damaged." })]);
    createWarn({ logger: { warn: fail } })(warning);
  });

  it("tells the callback alone when logging is off", () => {
    const [warn, onWarning] = [vi.fn<Log>(), vi.fn<Warn>()];
    createWarn({ logging: false, logger: { warn }, onWarning })(warning);
    expect(warn).not.toHaveBeenCalled();
    expect(onWarning).toHaveBeenCalledOnce();
  });
});
