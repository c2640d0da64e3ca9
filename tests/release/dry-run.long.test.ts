import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { npmInstall } from "../packaging/npm-install.ts";
import { startLocalRegistry, type LocalRegistry, type PublishedVersion } from "./local-registry.ts";
import { registryConfig, rehearseRelease, type RehearsedRelease } from "./rehearsed-release.ts";
import { root } from "./run-pnpm.ts";

const run = promisify(execFile);
const names = (await readdir(join(root, "packages"))).toSorted().map((folder) => `@bitbucket-auth/${folder}`);
const adapters = names.filter((name) => name !== "@bitbucket-auth/core");

// One release told from its beginning to its end: each test goes on where the one before it stopped.
describe("the first release, rehearsed against a registry on this machine", () => {
  let registry: LocalRegistry;
  let release: RehearsedRelease;
  let directory = "";

  beforeAll(async () => {
    registry = await startLocalRegistry();
    directory = await realpath(await mkdtemp(join(tmpdir(), "released-")));
    release = await rehearseRelease(registry.url);
    await release.pnpm("install", "--frozen-lockfile", "--prefer-offline");
  }, 10 * 60_000);

  afterAll(async () => {
    await release.remove();
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function unpacked(version: PublishedVersion): Promise<string> {
    const target = join(directory, version.name);
    await mkdir(target, { recursive: true });
    await writeFile(join(target, "package.tgz"), registry.tarball(version));
    await run("tar", ["-xzf", "package.tgz", "--strip-components=1"], { cwd: target });
    return target;
  }

  async function publish(): Promise<string> {
    const packed = join(directory, `packed-${registry.published.length}`);
    const plan = join(packed, "plan.json");
    await mkdir(packed, { recursive: true });
    await release.pnpm("exec", "changeset", "publish-plan", "--output", plan);
    await release.pnpm("exec", "changeset", "pack", "--from-publish-plan", plan, "--out-dir", packed);
    return release.pnpm("exec", "changeset", "publish", "--from-pack-dir", packed);
  }

  it("makes every package 1.0.0, with a changelog and a lockfile that still fits", async () => {
    await release.pnpm("exec", "changeset", "version");
    expect(await release.manifests()).toEqual(
      expect.arrayContaining(names.map((name) => expect.objectContaining({ name, version: "1.0.0" }))),
    );
    const changelogs = await Promise.all(names.map((name) => release.changelog(name)));
    expect(changelogs.filter((text) => !/## 1\.0\.0\n\n### Major Changes\n\n- /.test(text))).toEqual([]);
    await release.pnpm("install", "--frozen-lockfile", "--prefer-offline");
    await release.commit("Release packages");
  });

  it("publishes what it packed, each package once", async () => {
    await release.pnpm("run", "build");
    await publish();
    expect(registry.published.map(({ name }) => name).toSorted()).toEqual(names);
  });

  it("publishes nothing when it is run again", async () => {
    const before = registry.published.length;
    expect(await release.pnpm("exec", "changeset", "publish")).toContain(
      "No unpublished projects to publish",
    );
    expect(await publish()).toContain("No unpublished projects to publish");
    expect(registry.published).toHaveLength(before);
  });

  it("asks for core 1 as a peer, and for nothing that only a workspace understands", () => {
    expect(
      registry.published.filter((each) => /"(?:workspace|catalog|link|file):/.test(JSON.stringify(each))),
    ).toEqual([]);
    const peers = Object.fromEntries(
      registry.published.map(({ name, peerDependencies }) => [
        name,
        peerDependencies?.["@bitbucket-auth/core"],
      ]),
    );
    expect(peers).toEqual({
      "@bitbucket-auth/core": undefined,
      ...Object.fromEntries(adapters.map((name) => [name, "^1.0.0"])),
      // A program brings the core it runs on.
      "@bitbucket-auth/cli": undefined,
    });
    const cli = registry.published.find(({ name }) => name === "@bitbucket-auth/cli");
    expect(cli?.dependencies?.["@bitbucket-auth/core"]).toBe("^1.0.0");
  });

  it("carries the licence and a README in every package, and says the same in its manifest", async () => {
    for (const version of registry.published) {
      const folder = await unpacked(version);
      expect(await readFile(join(folder, "LICENSE"), "utf8")).toBe(
        await readFile(join(root, "LICENSE"), "utf8"),
      );
      expect(await readFile(join(folder, "README.md"), "utf8")).toContain(`# ${version.name}\n`);
      const manifest = await readFile(join(folder, "package.json"), "utf8");
      expect(manifest).not.toMatch(/"(?:workspace|catalog|link|file):/);
      expect(JSON.parse(manifest)).toMatchObject({ name: version.name, version: "1.0.0" });
    }
  });

  it("installs from the registry with npm, and keeps a token in a file", async () => {
    const project = join(directory, "a-project");
    await mkdir(project);
    await writeFile(join(project, ".npmrc"), registryConfig(registry.url));
    await npmInstall(project, { "@bitbucket-auth/core": "^1.0.0", "@bitbucket-auth/storage-file": "^1.0.0" });
    await cp(join(root, "tests", "packaging", "uses", "storage-file.ts"), join(project, "use.ts"));
    const lock = await readFile(join(project, "package-lock.json"), "utf8");
    const installed = registry.published.filter(({ dist }) => lock.includes(dist.integrity));
    expect(installed.map(({ name }) => name).toSorted()).toEqual([
      "@bitbucket-auth/core",
      "@bitbucket-auth/storage-file",
    ]);
    await run(process.execPath, ["use.ts"], { cwd: project });
  });

  it("leaves the adapters alone when core gets a patch or a minor afterwards", async () => {
    for (const [bump, version] of [
      ["patch", "1.0.1"],
      ["minor", "1.1.0"],
    ] as const) {
      await release.addChangeset("@bitbucket-auth/core", bump);
      await release.commit(`Change core: ${bump}`);
      await release.pnpm("exec", "changeset", "version");
      await release.commit("Release packages");
      const versions = Object.fromEntries(
        (await release.manifests()).map((manifest) => [manifest.name, manifest.version]),
      );
      expect(versions).toEqual({
        "@bitbucket-auth/core": version,
        ...Object.fromEntries(adapters.map((name) => [name, "1.0.0"])),
      });
    }
  });

  it("refuses a major of core that leaves adapters behind", async () => {
    await release.addChangeset("@bitbucket-auth/core", "major");
    await expect(release.pnpm("run", "release:guard")).rejects.toMatchObject({
      stderr: expect.stringContaining("@bitbucket-auth/express"),
    });
  });
});
