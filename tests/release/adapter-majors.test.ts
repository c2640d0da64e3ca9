import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { adaptersLeftBehind, readAdapters, readChangeset, readPendingReleases } from "./adapter-majors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const adapters = ["@bitbucket-auth/express", "@bitbucket-auth/storage-file"];

describe("adaptersLeftBehind()", () => {
  it("names the adapters that get no major when core gets one", () => {
    const pending = [
      ...readChangeset('---\n"@bitbucket-auth/core": major\n---\n\nA new contract.\n'),
      ...readChangeset('---\n"@bitbucket-auth/express": major\n"@bitbucket-auth/storage-file": patch\n---\n'),
    ];
    expect(adaptersLeftBehind(pending, adapters)).toEqual(["@bitbucket-auth/storage-file"]);
  });

  it("names no package when each adapter has a major, in one changeset or in several", () => {
    const pending = [
      ...readChangeset("---\n'@bitbucket-auth/core': major\n'@bitbucket-auth/express': major\n---\n"),
      ...readChangeset("---\r\n'@bitbucket-auth/storage-file': major\r\n---\r\n"),
    ];
    expect(adaptersLeftBehind(pending, adapters)).toEqual([]);
  });

  it("names no package when core gets a minor, whatever the adapters get", () => {
    const pending = readChangeset('---\n"@bitbucket-auth/core": minor\n---\n');
    expect(adaptersLeftBehind(pending, adapters)).toEqual([]);
  });
});

describe("readChangeset()", () => {
  it("finds nothing in an empty changeset, and refuses what is none", () => {
    expect(readChangeset("---\n---\n\nNothing to release.\n")).toEqual([]);
    expect(() => readChangeset("core: major")).toThrow('starts with "---"');
    expect(() => readChangeset("---\nmajor\n---\n")).toThrow('starts with "---"');
  });
});

describe("this repository", () => {
  it("has every package but core peer on core, or depend on it where it is a program", async () => {
    const peers = await readAdapters(root);
    const others = (await readdir(join(root, "packages"))).filter((folder) => folder !== "core");
    const dependsOnCore = others.map(async (folder) => {
      const text = await readFile(join(root, "packages", folder, "package.json"), "utf8");
      const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
      return peers.includes(`@bitbucket-auth/${folder}`) || "@bitbucket-auth/core" in dependencies
        ? []
        : [folder];
    });
    expect((await Promise.all(dependsOnCore)).flat()).toEqual([]);
  });

  it("leaves no adapter behind in its next release", async () => {
    expect(adaptersLeftBehind(await readPendingReleases(root), await readAdapters(root))).toEqual([]);
  });
});
