import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages, root } from "../consumers/packed-packages.ts";

const run = promisify(execFile);
const ours = ["@bitbucket-auth/core", "@bitbucket-auth/web", "@bitbucket-auth/express"];
const theirs = {
  tests: ["express", "@types/express"],
  "packages/core": ["zod", "ofetch"],
  "packages/web": ["jose", "cookie"],
};

let project = "";

describe("the published types and modules of @bitbucket-auth/express", () => {
  beforeAll(async () => {
    const packed = await packPackages();
    // Note: outside the repository, or it would find what its tarball lacks.
    project = await realpath(await mkdtemp(join(tmpdir(), "packed-express-")));
    const modules = join(project, "node_modules");
    for (const { name, directory } of packed.all.filter((each) => ours.includes(each.name)))
      await cp(directory, join(modules, name), { recursive: true });
    for (const [home, names] of Object.entries(theirs)) {
      for (const name of names) {
        await mkdir(dirname(join(modules, name)), { recursive: true });
        await symlink(await realpath(join(root, home, "node_modules", name)), join(modules, name));
      }
    }
    await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  }, 120_000);
  afterAll(() => rm(project, { recursive: true, force: true }));

  async function compile(code: string, options: object = {}): Promise<string> {
    await writeFile(join(project, "app.ts"), code);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: "es2023",
      module: "nodenext",
      types: [],
      lib: ["es2023", "dom"],
      ...options,
    };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.ts"] }));
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const { stdout } = await run(tsc, ["-p", project, "--pretty", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    return stdout;
  }

  const app = `
    import { createBitbucketAuth } from "@bitbucket-auth/core";
    import { bitbucketAuth, bitbucketErrors, requireBitbucket } from "@bitbucket-auth/express";
    import express from "express";

    const auth = createBitbucketAuth({});
    const app = express();
    app.use(bitbucketAuth({
      auth,
      cookieSecret: ["new", "old"],
      onSignIn: (user, { account, req }) => console.log(user.emails?.[0]?.email, account.length, req.path),
      onError: (error, _req, res) => void res.send(error.name),
    }));
    app.get("/repos", requireBitbucket(), async (req, res) => {
      const response: Response = await req.bitbucket.fetch("/2.0/user");
      const token: string = await req.bitbucket.getAccessToken();
      const account: string = req.bitbucket.account;
      res.json({ me: await response.json(), length: token.length, account, name: (await req.bitbucket.user()).displayName });
    });
    app.use(bitbucketErrors());
  `;

  it.each([
    ["nodenext", {}],
    ["bundler", { module: "esnext", moduleResolution: "bundler" }],
  ])("add req.bitbucket to every request, for %s", async (_name, options) => {
    expect(await compile(app, { ...options, skipLibCheck: true })).toBe("");
  });

  it("tell what req.bitbucket does not have, and what an option cannot be", async () => {
    const wrong = `${app}
      app.get("/", (req) => req.bitbucket.refreshToken);
      bitbucketAuth({ auth, cookieSecret: 7 });
    `;
    const told = await compile(wrong, { skipLibCheck: true });
    expect(told).toContain("Property 'refreshToken' does not exist on type 'BitbucketRequest'");
    expect(told).toContain("Type 'number' is not assignable to type 'string | readonly string[]'");
  });

  it("let an app declare what its api() answers", async () => {
    const typed = `${app}
      declare module "@bitbucket-auth/express" {
        interface BitbucketTypes { api: { repositories(): Promise<string[]> } }
      }
      app.get("/api", requireBitbucket(), async (req) => (await (await req.bitbucket.api()).repositories()).join());
    `;
    expect(await compile(typed, { skipLibCheck: true })).toBe("");
  });

  it("load where nothing but what the manifest names is installed", async () => {
    const code = 'console.log(Object.keys(await import("@bitbucket-auth/express")).toSorted().join())';
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { cwd: project });
    expect(stdout.trim()).toBe("bitbucketAuth,bitbucketErrors,requireBitbucket");
  });
});
