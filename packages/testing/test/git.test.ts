import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "../src/index.ts";
import { startBitbucketMock, type BitbucketMockServer } from "../src/server.ts";

let directory: string;
let server: BitbucketMockServer;
let mock: BitbucketMock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "fake-git-"));
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function start(options: BitbucketMockOptions = {}): Promise<void> {
  mock = createBitbucketMock({ users: [{ username: "alice", email: "alice@example.com" }], ...options });
  server = await startBitbucketMock(mock, { git: { directory: join(directory, "server") } });
}

/** Runs `git` without prompts, configuration or credentials of this machine. */
async function git(...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Alice",
    GIT_AUTHOR_EMAIL: "alice@example.com",
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.com",
  };
  const { stdout, stderr } = await promisify(execFile)("git", [...args], { env, cwd: directory });
  return stdout + stderr;
}

function remote(username: string, password: string, repository = "website"): string {
  const url = new URL(`/acme/${repository}.git`, server.url);
  url.username = username;
  url.password = password;
  return url.href;
}

/** Clones, commits and pushes. */
async function push(from: string, name: string): Promise<void> {
  await git("clone", "--quiet", from, name);
  await writeFile(join(directory, name, `${name}.txt`), name);
  await git("-C", name, "add", ".");
  await git("-C", name, "commit", "--quiet", "-m", `Add ${name}`);
  await git("-C", name, "push", "--quiet", "origin", `HEAD:refs/heads/${name}`);
}

describe("the Git server behind the fake", { timeout: 60_000 }, () => {
  it("lets real git clone and push with an OAuth access token", async () => {
    await start();
    const { accessToken } = mock.issueGrant({ scope: ["repository:write"] }).tokens;
    await push(remote("x-token-auth", accessToken), "first");
    expect(await git("ls-remote", remote("x-token-auth", accessToken))).toContain("refs/heads/first");
    expect(mock.requests.count("git")).toBeGreaterThan(3);
    expect(mock.leaks(JSON.stringify(mock.requests.all))).toEqual([]);
  });

  it("serves eight clones and pushes at once", async () => {
    await start();
    const { accessToken } = mock.issueGrant({ scope: ["repository:write"] }).tokens;
    const names = Array.from({ length: 8 }, (_, nth) => `branch-${nth}`);
    await Promise.all(names.map((name) => push(remote("x-token-auth", accessToken), name)));
    const refs = await git("ls-remote", "--heads", remote("x-token-auth", accessToken));
    expect(refs.trim().split("\n")).toHaveLength(8);
  });

  it("takes each static credential under its own user name", async () => {
    await start();
    const api = mock.issueCredential({ kind: "api-token" });
    const access = mock.issueCredential({ kind: "repository-access-token" });
    for (const [username, token] of [
      ["x-bitbucket-api-token-auth", api.token],
      ["alice", api.token],
      ["x-token-auth", access.token],
    ] as const)
      expect(await git("ls-remote", remote(username, token))).toBe("");
  });

  it.each([
    ["the e-mail address of an API token", "api-token", "alice@example.com", "Authentication failed"],
    ["the user name of another credential", "api-token", "x-token-auth", "Authentication failed"],
    ["an app password", "app-password", "alice", "410"],
  ] as const)("refuses %s", async (_what, kind, username, words) => {
    await start();
    const { token } = mock.issueCredential({ kind });
    await expect(git("ls-remote", remote(username, token))).rejects.toThrow(words);
    expect(mock.violations).toHaveLength(1);
    expect(mock.leaks(JSON.stringify(mock.violations))).toEqual([]);
  });

  it("refuses an expired token, and one without the scope to push", async () => {
    await start();
    const { accessToken } = mock.issueGrant({ scope: ["repository"] }).tokens;
    await expect(push(remote("x-token-auth", accessToken), "first")).rejects.toThrow("403");
    await mock.clock.advance("2h");
    await expect(git("ls-remote", remote("x-token-auth", accessToken))).rejects.toThrow(
      "Authentication failed",
    );
  });

  it("asks nothing of those who read a public repository, and the others to authenticate", async () => {
    await start();
    expect(await git("ls-remote", new URL("/acme/docs.git", server.url).href)).toBe("");
    await expect(git("ls-remote", new URL("/acme/website.git", server.url).href)).rejects.toThrow(
      "could not read Username",
    );
  });

  it("says 404 for a repository it does not have", async () => {
    await start();
    const { accessToken } = mock.issueGrant().tokens;
    await expect(git("ls-remote", remote("x-token-auth", accessToken, "nothing"))).rejects.toThrow(
      "not found",
    );
  });

  it("meets faults and gates as every request does", async () => {
    await start();
    const { accessToken } = mock.issueGrant().tokens;
    mock.faults.next("git", { status: 503, body: "html" });
    await expect(git("ls-remote", remote("x-token-auth", accessToken))).rejects.toThrow("503");
  });
});
