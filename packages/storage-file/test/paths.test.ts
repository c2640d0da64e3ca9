import { resolve } from "node:path";
import { InvalidOptionsError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import {
  entryDirectoryName,
  numberedName,
  numbersOf,
  storageDirectories,
  type Machine,
} from "../src/paths.ts";

const home = (path: string) => (): string => path;
const noHome = (): never => {
  throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ERR_SYSTEM_ERROR" });
};

/** Where a program called `my-app` keeps its things when it says nothing. */
function directoriesOn(machine: Machine, appName = "my-app") {
  return storageDirectories({ appName, directory: undefined, keyDirectory: undefined }, machine);
}

describe("storageDirectories()", () => {
  it("follows XDG on Linux", () => {
    expect(directoriesOn({ platform: "linux", env: {}, home: home("/home/alice") })).toEqual({
      records: "/home/alice/.local/share/my-app",
      key: { path: "/home/alice/.config/my-app" },
    });
    const env = { XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "/config" };
    expect(directoriesOn({ platform: "linux", env, home: home("/home/alice") })).toEqual({
      records: "/data/my-app",
      key: { path: "/config/my-app" },
    });
  });

  it("ignores a relative XDG path, as the specification asks", () => {
    const env = { XDG_DATA_HOME: "data", XDG_CONFIG_HOME: "" };
    expect(directoriesOn({ platform: "linux", env, home: home("/home/alice") })).toEqual({
      records: "/home/alice/.local/share/my-app",
      key: { path: "/home/alice/.config/my-app" },
    });
  });

  it("uses the Library on macOS, where XDG may be set too", () => {
    expect(directoriesOn({ platform: "darwin", env: {}, home: home("/Users/alice") }, "My App")).toEqual({
      records: "/Users/alice/Library/Application Support/My App",
      key: { path: "/Users/alice/Library/Preferences/My App" },
    });
    const env = { XDG_CONFIG_HOME: "/config" };
    expect(directoriesOn({ platform: "darwin", env, home: home("/Users/alice") }).key).toEqual({
      path: "/config/my-app",
    });
  });

  it("keeps records local and the key roaming on Windows", () => {
    const env = {
      LOCALAPPDATA: String.raw`C:\Users\alice\Local`,
      APPDATA: String.raw`C:\Users\alice\Roaming`,
    };
    const alice = home(String.raw`C:\Users\alice`);
    expect(directoriesOn({ platform: "win32", env, home: alice })).toEqual({
      records: String.raw`C:\Users\alice\Local\my-app\Data`,
      key: { path: String.raw`C:\Users\alice\Roaming\my-app\Config` },
    });
    expect(directoriesOn({ platform: "win32", env: {}, home: alice })).toEqual({
      records: String.raw`C:\Users\alice\AppData\Local\my-app\Data`,
      key: { path: String.raw`C:\Users\alice\AppData\Roaming\my-app\Config` },
    });
  });

  it("asks for no home when every path is given", () => {
    const chosen = { appName: "my-app", directory: "/data", keyDirectory: "/key" };
    const machine: Machine = { platform: "linux", env: {}, home: noHome };
    expect(storageDirectories(chosen, machine)).toEqual({ records: "/data", key: { path: "/key" } });
    const env = { XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "/config" };
    expect(directoriesOn({ platform: "linux", env, home: noHome }).records).toBe("/data/my-app");
  });

  it.each([
    ["throws", noHome],
    ["is empty", home("")],
    ["is relative", home("alice")],
  ])("refuses to keep records below a home that %s, and names the option", (_name, where) => {
    expect(() => directoriesOn({ platform: "linux", env: {}, home: where })).toThrow(
      expect.objectContaining({
        code: "invalid_options",
        message: expect.stringMatching(/`directory`.*|HOME and XDG_DATA_HOME/),
      }),
    );
  });

  it("keeps the error of a missing home for the key until the key is asked for", () => {
    const chosen = { appName: "my-app", directory: "/data", keyDirectory: undefined };
    const { key } = storageDirectories(chosen, { platform: "linux", env: {}, home: home("") });
    expect(key).toEqual({
      error: expect.objectContaining({
        code: "storage_failed",
        action: "fix_config",
        message: expect.stringContaining("`keyDirectory`"),
      }),
    });
  });

  it("makes a relative path absolute, so that a later chdir moves nothing", () => {
    const chosen = { appName: "my-app", directory: "records", keyDirectory: "key" };
    const { records, key } = storageDirectories(chosen, { platform: "linux", env: {}, home: noHome });
    expect([records, key]).toEqual([resolve("records"), { path: resolve("key") }]);
  });

  it.each(["", ".", "..", ".hidden", "a/b", String.raw`a\b`, "../other", "c:", "a\0b", "x".repeat(101)])(
    "refuses %j as the name of a program",
    (appName) => {
      const machine: Machine = { platform: "linux", env: {}, home: home("/home/alice") };
      expect(() => directoriesOn(machine, appName)).toThrow(InvalidOptionsError);
    },
  );
});

describe("entryDirectoryName()", () => {
  it("is base32 of SHA-256 (RFC 4648, lower case, no padding)", () => {
    // printf abc | sha256sum | xxd -r -p | base32 | tr -d = | tr A-Z a-z
    expect(entryDirectoryName("abc")).toBe("xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq");
  });

  it.each(["a\ud800", "a\0"])("refuses a key that not every storage can keep apart: %j", (key) => {
    expect(() => entryDirectoryName(key)).toThrow(
      expect.objectContaining({ code: "storage_failed", action: "fix_config" }),
    );
  });

  it("leaves nothing of a key in the path", () => {
    for (const key of ["../../etc/passwd", "/", "", "CON", "a:b", "é", "k".repeat(10_000)]) {
      expect(entryDirectoryName(key)).toMatch(/^[a-z2-7]{52}$/);
    }
  });
});

describe("numbersOf()", () => {
  it("reads back the numbers of a kind, highest first", () => {
    const names = [9, 10, 1, 100].map((number) => numberedName("json", number));
    expect(numbersOf("json", [...names, numberedName("lease", 7)])).toEqual([100, 10, 9, 1]);
  });

  it("takes no notice of files that are not its own", () => {
    const names = [
      "0.json",
      "01.json",
      "-1.json",
      "1.json.corrupt-5",
      "1.jsonx",
      "x1.json",
      "1e3.json",
      "json",
      "1.JSON",
    ];
    expect(numbersOf("json", names)).toEqual([]);
  });
});
