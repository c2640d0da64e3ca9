import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCommandLine, startProcess, withProgram, type CommandLine, type Ended } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

const prompts = (): string => join(line.home, "prompts");

/** Runs real `git`, whose prompts are written down and answered with nothing. */
async function git(...args: readonly string[]): Promise<Ended> {
  const asked = await withProgram(line, "ask", `#!/bin/sh\necho "$1" >> '${prompts()}'\n`);
  const env = {
    ...line.env,
    GIT_ASKPASS: join(line.home, "bin", "ask"),
    ...asked,
    GIT_AUTHOR_NAME: "Alice",
    GIT_AUTHOR_EMAIL: "alice@example.com",
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.com",
  };
  const running = startProcess("git", args, { env, cwd: line.home });
  running.process.stdin.end();
  return running.ended;
}

async function succeed(...args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await git(...args);
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
}

const promptCount = async (): Promise<number> =>
  readFile(prompts(), "utf8").then(
    (text) => text.split("\n").length - 1,
    () => 0,
  );

/** The address that Bitbucket shows to copy: with the name of a user. */
const cloneAddress = (): string => {
  const url = new URL("/acme/website.git", line.server.url);
  url.username = "alice";
  return url.href;
};

async function clone(name: string): Promise<void> {
  await succeed("clone", "--quiet", cloneAddress(), name);
  await writeFile(join(line.home, name, `${name}.txt`), name);
  await succeed("-C", name, "add", ".");
  await succeed("-C", name, "commit", "--quiet", "-m", `Add ${name}`);
}

const push = (name: string): Promise<Ended> => git("-C", name, "push", "origin", `HEAD:refs/heads/${name}`);
const tokenRequests = (): number => line.mock.requests.count("token");

describe("git with the helper", { timeout: 180_000 }, () => {
  it("pushes eight times at once on an expired grant: one refresh, no prompt", async () => {
    await line.signIn();
    expect((await line.run(["setup-git"])).exitCode).toBe(0);
    await clone("work");
    const names = Array.from({ length: 8 }, (_, nth) => `branch-${nth}`);
    for (const name of names) await cp(join(line.home, "work"), join(line.home, name), { recursive: true });
    await line.expire();
    const before = tokenRequests();
    const pushes = await Promise.all(names.map(push));
    expect(pushes.map(({ exitCode }) => exitCode)).toEqual(names.map(() => 0));
    expect(tokenRequests() - before).toBe(1);
    expect(await promptCount()).toBe(0);
    expect(line.mock.violations).toEqual([]);
    expect(line.mock.leaks(pushes.map(({ stderr, stdout }) => stderr + stdout).join())).toEqual([]);
  });

  it("says one clear line when the grant is revoked, asks nothing, and sends one token request in 30 seconds", async () => {
    await line.signIn();
    await line.run(["setup-git"]);
    await clone("work");
    await line.expire();
    line.grant().revoke();
    const before = tokenRequests();
    for (let nth = 0; nth < 4; nth += 1) {
      const { exitCode, stderr } = await push("work");
      expect(exitCode).toBe(128);
      const ours = stderr.split("\n").filter((text) => text.startsWith("bitbucket-auth:"));
      expect(ours).toHaveLength(1);
      expect(ours[0]).toContain("To sign in again: bitbucket-auth login");
      expect(stderr).toContain("told us to quit");
    }
    expect(tokenRequests() - before).toBe(1);
    expect(await promptCount()).toBe(0);
    expect((await line.run(["token"])).exitCode).toBe(2);
    expect(tokenRequests() - before).toBe(1);
  });

  it("does not hand a token out again that Bitbucket has refused", async () => {
    await line.signIn();
    await line.run(["setup-git"]);
    await clone("work");
    const grant = line.grant();
    const refused = grant.tokens;
    // Core renews no token of its first minute: this one is stored as it was an hour ago.
    const auth = line.openAuth({ now: () => Date.now() - 3_600_000 });
    await auth.saveTokens("default", refused);
    await auth.close();
    grant.expireAccessToken();
    expect((await line.run(["token"])).stdout.trim()).toBe(refused.accessToken);
    expect((await push("work")).stderr).toContain("Authentication failed");
    const { exitCode, stdout } = await line.run(["token"]);
    expect(exitCode).toBe(0);
    expect(stdout.trim()).toBe(grant.tokens.accessToken);
    expect(stdout.trim()).not.toBe(refused.accessToken);
    expect((await push("work")).exitCode).toBe(0);
  });

  it("stops when Bitbucket refuses a token of this minute: another one would not help", async () => {
    await line.signIn();
    await line.run(["setup-git"]);
    line.mock.faults.when("git", { status: 401 });
    const before = tokenRequests();
    expect((await git("clone", cloneAddress(), "work")).exitCode).toBe(128);
    const { stderr } = await git("clone", cloneAddress(), "work");
    expect(stderr).toContain("told us to quit");
    expect(stderr.match(/bitbucket-auth:/g)).toHaveLength(1);
    expect(tokenRequests() - before).toBe(0);
    expect(await promptCount()).toBe(0);
  });
});

const request = (operation: string, input: string, env: Record<string, string> = {}): Promise<Ended> =>
  line.run(["git-credential", operation], { input, env });
const ours = (): string => `protocol=http\nhost=${new URL(line.server.url).host}\n`;

describe("git-credential", () => {
  it("answers user name, password and expiry, and never a refresh token", async () => {
    await line.signIn();
    const { accessToken, expiresAt, refreshToken } = line.grant().tokens;
    const { exitCode, stdout } = await request("get", `${ours()}username=alice\n\n`);
    expect(exitCode).toBe(0);
    const answer = new Map(
      stdout
        .trim()
        .split("\n")
        .map((text) => text.split("=", 2) as [string, string]),
    );
    expect([...answer.keys()]).toEqual(["username", "password", "password_expiry_utc"]);
    expect(answer.get("username")).toBe("x-token-auth");
    expect(answer.get("password")).toBe(accessToken);
    expect(Math.abs(Number(answer.get("password_expiry_utc")) * 1_000 - expiresAt)).toBeLessThan(60_000);
    expect(stdout).not.toContain(refreshToken);
  });

  it("hands out no refused token: a static one ends with quit=1 and the next step", async () => {
    const { token } = line.mock.issueCredential({ kind: "api-token" });
    await line.run(["login", "--api-token", "--email", "alice@example.com"], { input: `${token}\n` });
    expect((await request("get", `${ours()}\n`)).stdout).toContain(token);
    const erased = await request("erase", `${ours()}username=x\npassword=${token}\n\n`);
    expect(erased).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    const after = await request("get", `${ours()}\n`);
    expect(after).toMatchObject({ exitCode: 2, stdout: "quit=1\n" });
    expect(after.stderr).toContain("Bitbucket refused this api token.");
  });

  it("stores nothing and says nothing", async () => {
    expect(await request("store", `${ours()}username=x\npassword=y\n\n`)).toMatchObject({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
  });

  it("ignores operations of later versions of Git", async () => {
    expect(await request("capability", "")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("tells Git to quit when nobody has signed in", async () => {
    expect(await request("get", `${ours()}\n`)).toMatchObject({
      exitCode: 2,
      stdout: "quit=1\n",
      stderr: "bitbucket-auth: Not signed in. To sign in: bitbucket-auth login\n",
    });
  });

  it("exits with 3 when Bitbucket does not answer, and does not leave Git to ask for a password", async () => {
    await line.signIn();
    await line.expire();
    line.mock.faults.when("token", { status: 503, body: "html" });
    expect(await request("get", `${ours()}\n`)).toMatchObject({ exitCode: 3, stdout: "quit=1\n" });
  });
});
