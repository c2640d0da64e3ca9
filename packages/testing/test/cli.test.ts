import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBitbucketMock, type Seed } from "../src/index.ts";
import { readFields } from "../src/remote/json-fields.ts";
import { parseSeed } from "../src/remote/seed-file.ts";
import { connectBitbucketMock } from "../src/server.ts";

const cli = fileURLToPath(new URL("../dist/bitbucket-mock-cli.js", import.meta.url));

type Running = ChildProcessByStdio<null, Readable, Readable>;

function run(...options: string[]): Running {
  const child = spawn(process.execPath, [cli, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill());
  return child;
}

async function firstOutput(child: { readonly stdout: Readable }): Promise<string> {
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString();
}

describe("bitbucket-mock", () => {
  it("starts a fake for its parent, which drives it and ends it", async () => {
    const child = run("--port", "0", "--json", "--profile", "strict", "--auto-approve=alice");
    const { url, urls } = JSON.parse(await firstOutput(child)) as {
      url: string;
      urls: { api: string; authorize: string };
    };
    const mock = await connectBitbucketMock(url);
    const { tokens, clientOptions } = await mock.issueGrant();
    const user = await fetch(`${urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
    expect(user.status).toBe(200);
    const page = `${urls.authorize}?response_type=code&client_id=${clientOptions.clientId}`;
    expect((await fetch(page, { redirect: "manual" })).status).toBe(302);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("prints where everything is", async () => {
    const output = await firstOutput(run("--port", "0"));
    for (const part of ["authorize", "/site/oauth2/access_token", "client id mockConsumerKey"])
      expect(output).toContain(part);
  });

  it("tells the whole of its own consumer, so that an app can be set up with it", async () => {
    const output = await firstOutput(run("--port", "0"));
    const { consumers } = createBitbucketMock();
    expect(output).toContain(`client secret ${consumers[0]?.clientSecret}`);
    const { consumers: told } = JSON.parse(await firstOutput(run("--port", "0", "--json"))) as {
      consumers: unknown;
    };
    expect(told).toMatchObject(
      consumers.map(({ clientId, clientSecret, callbackUrl }) => ({ clientId, clientSecret, callbackUrl })),
    );
  });

  it("keeps the secrets of a seed file to itself", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-mock-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "seed.json");
    await writeFile(file, JSON.stringify({ consumers: [{ clientId: "key", clientSecret: "of a user" }] }));
    const outputs = [
      await firstOutput(run("--port", "0", "--seed", file)),
      await firstOutput(run("--port", "0", "--seed", file, "--json")),
    ];
    for (const output of outputs) {
      expect(output).toContain("key");
      expect(output).not.toContain("of a user");
    }
  });

  it("prints the secrets of a seed file when asked to", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-mock-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "seed.json");
    await writeFile(file, JSON.stringify({ consumers: [{ clientId: "key", clientSecret: "of a test" }] }));
    const output = await firstOutput(run("--port", "0", "--seed", file, "--json", "--show-secrets"));
    expect(JSON.parse(output)).toMatchObject({ consumers: [{ clientId: "key", clientSecret: "of a test" }] });
  });

  it("ends when the process that started it is killed", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      spawn(process.execPath, [${JSON.stringify(cli)}, "--port", "0", "--json"], { stdio: ["ignore", "inherit", "ignore"] });
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    const { url } = JSON.parse(await firstOutput(parent)) as { url: string };
    expect((await fetch(url)).status).toBe(501);
    const ended = once(parent.stdout, "close"); // the server holds the other end
    parent.kill("SIGKILL");
    await ended;
    await expect(fetch(url)).rejects.toThrow(TypeError);
  });

  it("starts with what a seed file says", async () => {
    const directory = await mkdtemp(join(tmpdir(), "bitbucket-mock-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, "seed.json");
    await writeFile(file, JSON.stringify({ users: [{ username: "zoe" }] }));
    const { url } = JSON.parse(await firstOutput(run("--port", "0", "--json", "--seed", file))) as {
      url: string;
    };
    const mock = await connectBitbucketMock(url);
    expect((await mock.issueGrant()).username).toBe("zoe");
  });

  it.each([
    [["--profile", "nonsense"], "there is no profile nonsense"],
    [["--nonsense"], "--nonsense"],
    [["--seed", "/nonexistent/seed.json"], "ENOENT"],
    [["--auto-approve=bob"], "there is no user bob to approve as; there is alice"],
    [["--port", "abc"], "there is no port abc"],
  ])("fails on %j with one line that says why", async (options, reason) => {
    const child = run("--port", "0", ...options);
    const [error] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(child.exitCode).toBe(1);
    expect(error).toMatch(/^bitbucket-mock: [^\n]+\n$/);
    expect(error).toContain(reason);
  });

  it("quotes nothing of a seed file that is no JSON", async () => {
    const directory = await mkdtemp(join(tmpdir(), "seed-"));
    const file = join(directory, "seed.json");
    await writeFile(file, '{"consumers": [{"clientSecret": "s3cret", }]}');
    const child = run("--port", "0", "--seed", file);
    const [error] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(error).toBe(`bitbucket-mock: ${file} is not valid JSON\n`);
  });

  it("reads a seed file that begins with a byte order mark", async () => {
    const directory = await mkdtemp(join(tmpdir(), "seed-"));
    const file = join(directory, "seed.json");
    await writeFile(file, '\uFEFF{"consumers": [{"clientId": "marked"}]}');
    expect(await firstOutput(run("--port", "0", "--json", "--seed", file))).toContain('"clientId":"marked"');
  });

  it("explains its options", async () => {
    expect(await firstOutput(run("--help"))).toContain("--auto-approve");
  });
});

const seed = {
  consumers: [{ name: "app", clientId: "id", callbackUrl: null, scopes: ["account"], private: false }],
  users: [{ username: "bob", email: "bob@example.com" }],
  workspaces: [{ slug: "lab", members: ["bob"] }],
  repositories: [{ workspace: "lab", slug: "cells", private: false }],
  pullRequests: [{ workspace: "lab", repository: "cells", id: 4, state: "MERGED" }],
};

describe("parseSeed()", () => {
  it("reads everything a fake can start with", () => {
    expect(parseSeed(JSON.parse(JSON.stringify(seed)))).toEqual(seed);
    const mock = createBitbucketMock({ seed: parseSeed(seed) });
    expect(mock.consumers).toMatchObject([{ clientId: "id", callbackUrl: null, private: false }]);
    expect(mock.pullRequests).toMatchObject([{ id: 4, state: "MERGED" }]);
  });

  it("leaves out what is not given, so that the defaults count", () => {
    expect(parseSeed({})).toEqual({});
  });

  it.each([
    [{ consumers: {} }, '"consumers" of the seed is not a list'],
    [{ consumers: [{ scopes: [1] }] }, '"scopes" of an item of consumers is not a list of strings'],
    [{ pullRequests: [{ workspace: "a", repository: "b", id: 1, state: "GONE" }] }, '"state"'],
    [{ repos: [] }, 'the seed has no list "repos"; it has consumers, '],
    [[], "the seed is not a JSON object"],
  ])("names what is wrong with %j", (wrong, message) => {
    expect(() => parseSeed(wrong)).toThrow(message);
  });
});

describe("readFields()", () => {
  it("reads members with their types", () => {
    const fields = readFields({ a: "x", b: 1, c: true, d: ["x"], e: { f: null } });
    expect([fields.string("a"), fields.number("b"), fields.boolean("c"), fields.strings("d")]).toEqual([
      "x",
      1,
      true,
      ["x"],
    ]);
    expect(fields.fields("e").has("f")).toBe(false);
    expect(fields.optional("z", (of) => of.string("z"))).toBeUndefined();
    expect(fields.oneOf("a", ["x", "y"])).toBe("x");
  });

  it.each([null, [], "x", 1, undefined])("refuses %j", (value) => {
    expect(() => readFields(value, "the thing")).toThrow("the thing is not a JSON object");
  });

  it("names the member that has another type, and not its value", () => {
    const fields = readFields({ a: "the value" }, "the thing");
    expect(() => fields.number("a")).toThrow(/^"a" of the thing is not a number$/);
    expect(() => fields.boolean("a")).toThrow("true or false");
    expect(() => fields.list("a")).toThrow("a list");
    expect(() => fields.string("b")).toThrow("a string");
    expect(() => fields.oneOf("a", ["x", "y"])).toThrow("one of x, y");
    expect(() => readFields({ d: ["x", 1] }).strings("d")).toThrow("a list of strings");
  });
});

describe("a seed", () => {
  it.each([
    [{ consumers: [{ key: "k", secret: "s" }] }, 'an item of consumers has no "key"; it has name, clientId'],
    [{ users: [{ name: "alice" }] }, 'an item of users has no "name"; it has username'],
    [{ users: [{}] }, 'an item of users needs "username"'],
    [{ repositories: [{ slug: "website" }] }, 'an item of repositories needs "workspace"'],
    [{ pullRequests: [{ workspace: "a", repository: "b" }] }, 'an item of pullRequests needs "id"'],
    [{ teams: [] }, 'the seed has no list "teams"; it has consumers'],
  ])("is refused by name: %j", (given, words) => {
    expect(() => parseSeed(given)).toThrow(words);
  });

  it.each<[Seed, string]>([
    [
      { workspaces: [{ slug: "acme", members: ["bob"] }] },
      'workspaces names the user "bob", which is not there; there is alice',
    ],
    [{ repositories: [{ workspace: "beta", slug: "site" }] }, 'repositories names the workspace "beta"'],
    [
      { pullRequests: [{ workspace: "acme", repository: "site", id: 1 }] },
      'names the repository "acme/site"',
    ],
    [
      { pullRequests: [{ workspace: "acme", repository: "website", id: 1, reviewers: ["bob"] }] },
      'pullRequests names the user "bob"',
    ],
  ])("is refused when it points at what is not there: %j", (given, words) => {
    expect(() => createBitbucketMock({ seed: given })).toThrow(words);
  });

  it("is refused by createBitbucketMock() and add() in the same words", () => {
    const typo = { users: [{ username: "alice", mail: "a@example.com" }] };
    const words = 'an item of users has no "mail"; it has username';
    expect(() => createBitbucketMock(typo)).toThrow(words);
    const mock = createBitbucketMock();
    const user = { username: "bob", mail: "b@example.com" };
    expect(() => mock.users.add(user)).toThrow(words);
  });

  it("stands beside options that are refused by name, too", () => {
    const options = { profil: "strict", strict: true };
    expect(() => createBitbucketMock(options)).toThrow("createBitbucketMock() has no option profil.");
    const profile = { leeway: 0, base: "strict" } as const;
    expect(() => createBitbucketMock({ profile })).toThrow("A profile has no knob leeway.");
  });
});
