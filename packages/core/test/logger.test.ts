import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseLogger, type Logger } from "../src/logger.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("chooseLogger()", () => {
  it("takes the given logger, whether logging is asked for or not mentioned", () => {
    const given: Logger = {};
    expect(chooseLogger(given, undefined)).toBe(given);
    expect(chooseLogger(given, true)).toBe(given);
  });

  it("silences everything for logging: false, a given logger too", () => {
    const lines: string[] = [];
    const chosen = chooseLogger({ error: (message) => lines.push(message) }, false);
    chosen.error?.("unsaved");
    expect(lines).toEqual([]);
  });

  it("logs to the console for logging: true", () => {
    expect(chooseLogger(undefined, true)).toBe(console);
  });

  it("shows errors alone when nobody said anything", () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const chosen = chooseLogger(undefined, undefined);
    chosen.error?.("unsaved", { attempts: 1 });
    expect(error).toHaveBeenCalledWith("unsaved", { attempts: 1 });
    expect([chosen.debug, chosen.info, chosen.warn]).toEqual([undefined, undefined, undefined]);
  });
});
