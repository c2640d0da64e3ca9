import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages } from "../consumers/packed-packages.ts";

const run = promisify(execFile);

describe("npx @bitbucket-auth/cli", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "npx-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    "runs in an empty folder, from the tarballs, and leaves nothing there",
    { timeout: 180_000 },
    async () => {
      const needed = ["cli", "core", "credentials", "storage-file", "web"].map(
        (name) => `@bitbucket-auth/${name}`,
      );
      const { all } = await packPackages();
      const tarballs = all.filter(({ name }) => needed.includes(name)).map(({ tarball }) => tarball);
      expect(tarballs).toHaveLength(needed.length);
      // Note: npm refuses in an installation what the `npx` of our root scripts was told (`EALLOWSCRIPTS`).
      const { npm_config_allow_scripts: _, ...inherited } = process.env;
      const env = {
        ...inherited,
        BITBUCKET_AUTH_DIRECTORY: join(folder, "data"),
        BITBUCKET_AUTH_KEY_DIRECTORY: join(folder, "key"),
      };
      const work = join(folder, "work");
      await run("mkdir", [work]);
      const packages = tarballs.map((tarball) => `--package=${tarball}`);
      // Both in one installation, which takes most of the time.
      const commands = "bitbucket-auth --help && bitbucket-auth status --json";
      const { stdout } = await run("npx", ["--yes", "--prefer-offline", ...packages, "-c", commands], {
        cwd: work,
        env,
      }).catch((error: { stdout: string }) => error);
      const [help = "", status = ""] = stdout.split(/^(?=\{)/m);
      expect(help).toContain("bitbucket-auth setup-git");
      expect(JSON.parse(status)).toMatchObject({
        works: false,
        problem: "Not signed in. To sign in: bitbucket-auth login",
      });
      expect(await readdir(work)).toEqual([]);
    },
  );
});
