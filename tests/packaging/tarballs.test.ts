import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packPackages, root, type PackedPackage, type PackedPackages } from "../consumers/packed-packages.ts";
import { readManifest } from "./installed-alone.ts";
import { offenders, readEach } from "./offenders.ts";

let packed: PackedPackages;
beforeAll(async () => {
  packed = await packPackages();
}, 120_000);

describe("every tarball", () => {
  it("is made of a folder in packages/, and every folder makes one", async () => {
    const names = (await readdir(join(root, "packages"))).map((folder) => `@bitbucket-auth/${folder}`);
    expect(packed.all.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it("has a README and a licence", async () => {
    const wanted = ["README.md", "LICENSE", "package.json"];
    expect(
      await offenders(packed.all, ({ files }) => wanted.filter((file) => !files.includes(file))),
    ).toEqual({});
  });

  it("has the build and its sources, and nothing else", async () => {
    const known =
      /^(README\.md|LICENSE|THIRD-PARTY-NOTICES\.md|CHANGELOG\.md|package\.json|src\/.+\.ts|dist\/.+\.(js|d\.ts)(\.map)?)$/;
    expect(await offenders(packed.all, ({ files }) => files.filter((file) => !known.test(file)))).toEqual({});
    const test = /(^|\/)tests?\/|\.test\./;
    expect(await offenders(packed.all, ({ files }) => files.filter((file) => test.test(file)))).toEqual({});
  });

  it("has a notice for everything that is built into it", async () => {
    const found = new Map<string, readonly string[]>();
    for (const given of packed.all) found.set(given.name, await builtInto(given));
    expect(found.get("@bitbucket-auth/core")).toContain("zod");
    const without = await offenders(packed.all, async ({ directory, name }) => {
      const path = join(directory, "THIRD-PARTY-NOTICES.md");
      const notices = await readFile(path, "utf8").catch(() => "");
      return (found.get(name) ?? []).filter((each) => !notices.includes(`\n## ${each} `));
    });
    expect(without).toEqual({});
  });

  /** The packages of others that its maps lead to, also by way of core's build. */
  function builtInto(given: PackedPackage): Promise<readonly string[]> {
    return readEach(given, /\.js\.map$/, (text) => {
      const { sources } = JSON.parse(text) as SourceMap;
      const names = sources.map((source) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? "");
      const throughCore = sources.some((source) => source.includes("/core/dist/")) ? ["zod", "ofetch"] : [];
      return [...new Set([...names.filter(Boolean), ...throughCore])];
    });
  }

  it("has a source map beside every module, with the sources or their paths", async () => {
    const withoutMap = await offenders(packed.all, (given) =>
      readEach(given, /\.(js|d\.ts)$/, (text, file) => {
        // What only passes on what others export has nothing to map.
        if (/^(?:(?:import|export) [^;]*;\s*)+$/.test(text)) return [];
        const map = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(text)?.[1] ?? "";
        return given.files.includes(posix.join(posix.dirname(file), map)) ? [] : [file];
      }),
    );
    expect(withoutMap).toEqual({});

    // This is also what finds a module whose source is gone.
    const leadingNowhere = await offenders(packed.all, (given) =>
      readEach(given, /\.map$/, (text, file) => {
        const { sources, sourcesContent = [] } = JSON.parse(text) as SourceMap;
        const missing = sources.filter((source, index) => {
          const isThere = given.files.includes(posix.join(posix.dirname(file), source));
          return !isThere && typeof sourcesContent[index] !== "string";
        });
        return missing.map((source) => `${file} -> ${source}`);
      }),
    );
    expect(leadingNowhere).toEqual({});
  });

  interface SourceMap {
    readonly sources: readonly string[];
    readonly sourcesContent?: readonly (string | null)[];
  }

  it("has what its manifest names, and its README names what it exports", async () => {
    const missing = await offenders(packed.all, async ({ directory, files }) => {
      const { exports, bin = {}, unpkg, jsdelivr } = await readManifest(directory);
      const targets = Object.values(exports).flatMap((target) =>
        typeof target === "string" ? [target] : [target.types, target.default],
      );
      const named = [...targets, ...Object.values(bin), unpkg, jsdelivr].filter((file) => file !== undefined);
      return named.filter((file) => !files.includes(posix.normalize(file)));
    });
    expect(missing).toEqual({});

    const undocumented = await offenders(packed.all, async ({ directory, name }) => {
      const readme = await readFile(join(directory, "README.md"), "utf8");
      const subpaths = Object.keys((await readManifest(directory)).exports);
      return subpaths.filter((subpath) => {
        if (subpath === "./package.json") return false;
        return ![`\`${subpath}\``, `\`${subpath.slice(1)}\``, name + subpath.slice(1)].some((spelling) =>
          readme.includes(spelling),
        );
      });
    });
    expect(undocumented).toEqual({});
  });

  it("runs no script when it is installed, and names no workspace", async () => {
    const manifests = await Promise.all(
      packed.all.map(({ directory }) => readFile(join(directory, "package.json"), "utf8")),
    );
    for (const text of manifests) {
      expect(text).not.toMatch(/"((pre|post)?install|prepare)":/);
      expect(text).not.toMatch(/"(workspace|catalog):/);
    }
  });
});
