import { describe, expect, it, vi } from "vitest";
import { findChromium } from "./chromium.ts";

describe("findChromium()", () => {
  it("prints that there is none", async () => {
    vi.stubEnv("PATH", "").stubEnv("CI", "");
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    expect(await findChromium()).toBeNull();
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("does NOT run"));
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it("takes that for an error in CI", async () => {
    vi.stubEnv("PATH", "").stubEnv("CI", "true");
    await expect(findChromium()).rejects.toThrow("no `chromium` on PATH");
    vi.unstubAllEnvs();
  });
});
