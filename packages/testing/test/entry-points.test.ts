import { execFile } from "node:child_process";
import { readFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  anEmail,
  aPage,
  aPullRequest,
  aPullRequestEvent,
  aPushEvent,
  aRepository,
  aTokenResponse,
  aUser,
  aWorkspace,
  aWorkspaceAccess,
} from "../src/fixtures.ts";
import { createBitbucketMock } from "../src/index.ts";
import { scenarios } from "../src/scenarios.ts";
import { callApi } from "./token-request.ts";

const packageUrl = new URL("../", import.meta.url);

/** Every file an entry loads with itself, and every package or built-in it asks for, found by following its imports. */
async function loads(entry: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const visit = async (file: URL): Promise<void> => {
    if (found.has(file.href)) return;
    found.add(file.href);
    const source = await readFile(file, "utf8");
    const imports = source.matchAll(/\bfrom "([^"]+)";$|^import "([^"]+)";$/gm);
    for (const [, from, bare] of imports) {
      const specifier = from ?? bare ?? "";
      if (specifier.startsWith(".")) await visit(new URL(specifier, file));
      else found.add(specifier);
    }
  };
  await visit(new URL(`dist/${entry}.js`, packageUrl));
  return found;
}

async function outside(entry: string): Promise<readonly string[]> {
  return [...(await loads(entry))].filter((loaded) => !loaded.startsWith("file:")).toSorted();
}

describe("the entry points", () => {
  it.each([
    ["index", []],
    ["fixtures", []],
    ["legacy", []],
    ["vitest", []],
    ["jest", []],
    ["msw", ["msw"]],
    ["node", ["node:assert"]],
    ["server", ["node:http"]],
  ])("%s loads %j from outside and nothing else", async (entry, expected) => {
    expect(await outside(entry)).toEqual(expected);
  });

  it("storage-contract loads no msw and nothing of the fake", async () => {
    const loaded = [...(await loads("storage-contract"))];
    expect(loaded.filter((name) => /msw|fake|server\.js/.test(name))).toEqual([]);
  });

  it("are all in exports and load by name", async () => {
    const manifest = JSON.parse(await readFile(new URL("package.json", packageUrl), "utf8")) as {
      name: string;
      exports: Record<string, unknown>;
    };
    const entries = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    const script = entries
      .map((entry) => `await import(${JSON.stringify(manifest.name + entry.slice(1))});`)
      .join("");
    const { stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: packageUrl,
    });
    expect(stderr).toBe("");
    expect(entries).toEqual(
      expect.arrayContaining([
        ".",
        "./msw",
        "./server",
        "./vitest",
        "./jest",
        "./node",
        "./fixtures",
        "./legacy",
      ]),
    );
  });
});

const run = promisify(execFile);
const home = fileURLToPath(new URL("../", import.meta.url));

async function readme(): Promise<string> {
  return readFile(join(home, "README.md"), "utf8");
}

describe("the README", () => {
  // The JavaScript is checked here too: what it imports is installed in this package only.
  it("has code that compiles", async () => {
    const text = await readme();
    const blocks = Array.from(text.matchAll(/^```[jt]s(?: run)?\n(.*?)^```$/gms), ([, code = ""]) => code);
    expect(blocks).toHaveLength(4);
    const directory = await mkdtemp(join(home, "test", ".readme-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    for (const [index, code] of blocks.entries())
      await writeFile(join(directory, `block-${index}.ts`), `${code}\nexport {};\n`);
    const options = { extends: "../../../../tsconfig.tests.json", include: ["*.ts"], references: [] };
    await writeFile(join(directory, "tsconfig.json"), JSON.stringify(options));
    const tsc = join(home, "../../node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["-p", directory, "--pretty", "false"]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  it("names every entry and counts the scenarios right", async () => {
    const text = await readme();
    const manifest = JSON.parse(await readFile(join(home, "package.json"), "utf8")) as { exports: object };
    for (const entry of Object.keys(manifest.exports).filter((name) => name !== "./package.json"))
      expect(text).toContain(`\`${entry}\``);
    expect(text).toContain(`${scenarios.length} named scenarios`);
  });

  it("stays short", async () => {
    expect((await readme()).split("\n").length).toBeLessThanOrEqual(120);
  });
});

describe("the fixtures", () => {
  it.each([
    ["/2.0/user", aUser()],
    ["/2.0/workspaces/acme", aWorkspace()],
    ["/2.0/repositories/acme/website", aRepository()],
    ["/2.0/repositories/acme/website/pullrequests/1", aPullRequest()],
    ["/2.0/user/emails", aPage([anEmail()])],
    ["/2.0/user/workspaces", aPage([aWorkspaceAccess()])],
  ])("have the members that %s has on the fake", async (path, fixture) => {
    const mock = createBitbucketMock();
    const answer = await callApi(mock, path, mock.issueGrant().tokens.accessToken);
    expect(Object.keys(fixture)).toEqual(Object.keys((await answer.json()) as object));
  });

  it("carry what they are given", () => {
    expect(aUser({ username: "bob", displayName: "Bob" })).toMatchObject({
      username: "bob",
      display_name: "Bob",
    });
    expect(aRepository({ workspace: "lab", slug: "cells", private: false })).toMatchObject({
      full_name: "lab/cells",
      is_private: false,
    });
    expect(aPullRequest({ id: 9, state: "DECLINED" })).toMatchObject({ id: 9, state: "DECLINED" });
    expect(aPage([aUser(), aUser()], "https://api.bitbucket.org/2.0/x?pagelen=1")).toMatchObject({
      size: 2,
      values: [{ type: "user" }],
      next: "https://api.bitbucket.org/2.0/x?pagelen=1&page=2",
    });
  });

  it("make a token response of Bitbucket's size", () => {
    expect(aTokenResponse()).toMatchObject({
      expires_in: 7200,
      token_type: "bearer",
      scope: "account repository",
    });
    expect(aTokenResponse()["access_token"]).toHaveLength(2600);
    expect(aTokenResponse({ refreshToken: null, accessToken: "a", scopes: ["x"] })).toEqual({
      access_token: "a",
      expires_in: 7200,
      token_type: "bearer",
      scope: "x",
    });
  });

  it("make webhook payloads", () => {
    expect(aPushEvent({ branch: "next", actor: { username: "bob" } })).toMatchObject({
      actor: { username: "bob" },
      repository: { full_name: "acme/website" },
      push: { changes: [{ new: { name: "next" } }] },
    });
    expect(aPullRequestEvent({ pullRequest: { id: 3 }, repository: { slug: "api" } })).toMatchObject({
      repository: { full_name: "acme/api" },
      pullrequest: { id: 3, links: { self: { href: expect.stringContaining("/acme/api/pullrequests/3") } } },
    });
  });
});
