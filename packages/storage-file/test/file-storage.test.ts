import { describe, expect, it } from "vitest";
import { createFileStorage } from "../src/file-storage.ts";

describe("createFileStorage()", () => {
  it.each([[null], [5], ["/var/lib/app"], [() => ({})]])(
    "refuses %s as options, and says what they are",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringContaining("createFileStorage({ directory"),
        }),
      );
    },
  );

  it.each([{ directory: 5 }, { directory: "" }, { directory: "a\0b" }, { directory: null }])(
    "refuses %j, and names the option",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({
          code: "invalid_options",
          message: expect.stringContaining("`directory`"),
        }),
      );
    },
  );

  it.each([{ appName: 5 }, { appName: "" }, { appName: null }, { appName: "../other" }])(
    "refuses %j",
    (given) => {
      expect(() => Reflect.apply(createFileStorage, undefined, [given])).toThrow(
        expect.objectContaining({ code: "invalid_options", message: expect.stringContaining("appName") }),
      );
    },
  );

  it("needs no options", () => {
    expect(createFileStorage().caps.lease).toBe("host");
    expect(createFileStorage({}).caps.lease).toBe("host");
  });
});
