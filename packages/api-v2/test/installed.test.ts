import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const here = fileURLToPath(new URL("../", import.meta.url));
let directory = "";

/** Runs a program that has core and this package, and none of the optional ones. */
async function runWithoutPeers(program: string): Promise<string> {
  await writeFile(join(directory, "program.mjs"), program);
  // pnpm's own shims point NODE_PATH at everything that is installed.
  const { NODE_PATH: _everything, ...env } = process.env;
  const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: directory, env });
  return stdout;
}

describe("a package that is not installed", () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "api-v2-"));
    const scope = join(directory, "node_modules", "@bitbucket-auth");
    await mkdir(join(scope, "api-v2"), { recursive: true });
    for (const name of ["core", "credentials"])
      await symlink(await realpath(join(here, "..", name)), join(scope, name));
    await cp(join(here, "package.json"), join(scope, "api-v2", "package.json"));
    await cp(join(here, "dist"), join(scope, "api-v2", "dist"), { recursive: true });
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("is not missed until it is asked for", async () => {
    const stdout = await runWithoutPeers(`
      import { paginate } from "@bitbucket-auth/api-v2";
      import "@bitbucket-auth/api-v2/openapi";
      import "@bitbucket-auth/api-v2/bitbucket";
      console.log(typeof paginate);`);
    expect(stdout).toBe("function\n");
  });

  it("is named with the exact way to install it: bitbucket-api-v2", async () => {
    const stdout = await runWithoutPeers(`
      import { createAuthenticatedAPI, createBitbucketAPI } from "@bitbucket-auth/api-v2";
      const print = (error) => console.log(JSON.stringify([error.code, error.message]));
      try { createBitbucketAPI({ accessToken: "t" }) } catch (error) { print(error) }
      await createAuthenticatedAPI({ getAccessToken: () => "t" }).catch(print);`);
    const [thrown, rejected] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(thrown).toEqual(rejected);
    expect(thrown[0]).toBe("invalid_options");
    expect(thrown[1]).toMatch(/^bitbucket-api-v2 is not installed/);
    for (const way of [
      '"overrides": { "bitbucket-api-v2": { "bitbucket-auth": "npm:bitbucket-auth@0.5.4" } }',
      'overrides: { "bitbucket-api-v2>bitbucket-auth": "-" }',
      '"resolutions": { "bitbucket-api-v2/bitbucket-auth": "npm:bitbucket-auth@0.5.4" }',
    ])
      expect(thrown[1]).toContain(way);
  });

  it.each([
    ["openapi", "@coderabbitai/bitbucket"],
    ["bitbucket", "bitbucket"],
  ])("is named with the exact way to install it: /%s", async (entry, name) => {
    const stdout = await runWithoutPeers(`
      import { createAuthenticatedClient } from "@bitbucket-auth/api-v2/${entry}";
      import { createBitbucketAuth } from "@bitbucket-auth/core";
      const auth = createBitbucketAuth({ clientId: "c", clientSecret: "s" });
      await createAuthenticatedClient({ auth }).catch((error) => console.log(error.code, error.message));`);
    expect(stdout).toBe(
      `invalid_options ${name} is not installed. Install it: npm install ${name}, pnpm add ${name} or yarn add ${name}\n`,
    );
  });
});
