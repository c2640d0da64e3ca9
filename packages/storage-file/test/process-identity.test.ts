import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { currentProcess, isGone } from "../src/process-identity.ts";

const self = currentProcess();

describe("isGone()", () => {
  it("sees that a process lives, also one of another user", () => {
    expect(isGone(self, self)).toBe(false);
    expect(isGone({ ...self, pid: 1 }, self)).toBe(false);
  });

  it("sees that a process has ended", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    expect(isGone({ ...self, pid }, self)).toBe(true);
  });

  it("cannot tell of a process elsewhere, and says that it may live", () => {
    expect(isGone({ pid: 2 ** 22 + 1, host: "elsewhere" }, self)).toBe(false);
  });
});

it("tells apart hosts, boots and namespaces of pids", () => {
  expect(currentProcess()).toEqual({ pid: process.pid, host: self.host });
  expect(self.host.split(" ")).toHaveLength(3);
});
