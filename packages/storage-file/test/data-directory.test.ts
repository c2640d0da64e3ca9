import { InvalidOptionsError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { appDirectories } from "../src/data-directory.ts";

describe("appDirectories()", () => {
  it("follows XDG on Linux", () => {
    expect(appDirectories("my-app", { platform: "linux", env: {}, home: "/home/alice" })).toEqual({
      data: "/home/alice/.local/share/my-app",
      config: "/home/alice/.config/my-app",
    });
    const env = { XDG_DATA_HOME: "/data", XDG_CONFIG_HOME: "/config" };
    expect(appDirectories("my-app", { platform: "linux", env, home: "/home/alice" })).toEqual({
      data: "/data/my-app",
      config: "/config/my-app",
    });
  });

  it("ignores a relative XDG path, as the specification asks", () => {
    const env = { XDG_DATA_HOME: "data", XDG_CONFIG_HOME: "" };
    expect(appDirectories("my-app", { platform: "linux", env, home: "/home/alice" })).toEqual({
      data: "/home/alice/.local/share/my-app",
      config: "/home/alice/.config/my-app",
    });
  });

  it("uses the Library on macOS, where XDG may be set too", () => {
    expect(appDirectories("My App", { platform: "darwin", env: {}, home: "/Users/alice" })).toEqual({
      data: "/Users/alice/Library/Application Support/My App",
      config: "/Users/alice/Library/Preferences/My App",
    });
    const env = { XDG_CONFIG_HOME: "/config" };
    expect(appDirectories("my-app", { platform: "darwin", env, home: "/Users/alice" }).config).toBe(
      "/config/my-app",
    );
  });

  it("keeps records local and the key roaming on Windows", () => {
    const env = {
      LOCALAPPDATA: String.raw`C:\Users\alice\Local`,
      APPDATA: String.raw`C:\Users\alice\Roaming`,
    };
    expect(appDirectories("my-app", { platform: "win32", env, home: String.raw`C:\Users\alice` })).toEqual({
      data: String.raw`C:\Users\alice\Local\my-app\Data`,
      config: String.raw`C:\Users\alice\Roaming\my-app\Config`,
    });
    expect(
      appDirectories("my-app", { platform: "win32", env: {}, home: String.raw`C:\Users\alice` }),
    ).toEqual({
      data: String.raw`C:\Users\alice\AppData\Local\my-app\Data`,
      config: String.raw`C:\Users\alice\AppData\Roaming\my-app\Config`,
    });
  });

  it.each(["", ".", "..", ".hidden", "a/b", String.raw`a\b`, "../other", "c:", "a\0b", "x".repeat(101)])(
    "refuses %j as the name of a program",
    (appName) => {
      expect(() => appDirectories(appName, { platform: "linux", env: {}, home: "/home/alice" })).toThrow(
        InvalidOptionsError,
      );
    },
  );
});
