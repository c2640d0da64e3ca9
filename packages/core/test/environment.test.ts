import { afterEach, describe, expect, it, vi } from "vitest";
import { environmentVariable } from "../src/environment.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("environmentVariable()", () => {
  it("reads a variable of the process", () => {
    vi.stubEnv("BITBUCKET_CLIENT_ID", "consumer-key");
    expect(environmentVariable("BITBUCKET_CLIENT_ID")).toBe("consumer-key");
  });

  it("takes an empty variable for an absent one", () => {
    vi.stubEnv("BITBUCKET_CLIENT_ID", "");
    expect(environmentVariable("BITBUCKET_CLIENT_ID")).toBeUndefined();
  });

  it.each([
    ["no process", undefined],
    ["a process without an environment", {}],
    ["a process whose environment is null", { env: null }],
    ["an environment of other things than strings", { env: { BITBUCKET_CLIENT_ID: 5 } }],
  ])("finds nothing where the runtime has %s", (_what, process) => {
    vi.stubGlobal("process", process);
    const found = environmentVariable("BITBUCKET_CLIENT_ID");
    vi.unstubAllGlobals();
    expect(found).toBeUndefined();
  });
});
