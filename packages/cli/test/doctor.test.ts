import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { activeHelper, judgeClock, judgeConsumer, judgeScopes, worstOf } from "../src/doctor.ts";
import { judgeEviction } from "../src/doctor-redis.ts";
import { openCommandLine, type CommandLine } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly state: string; readonly text: string }[];
}

async function examine(): Promise<{ exitCode: number | null; states: Record<string, string>; text: string }> {
  const { exitCode, stdout } = await line.run(["doctor", "--json"]);
  const { findings } = JSON.parse(stdout) as Report;
  expect(line.mock.leaks(stdout)).toEqual([]);
  return {
    exitCode,
    states: Object.fromEntries(findings.map(({ check, state }) => [check, state])),
    text: findings.map(({ text }) => text).join("\n"),
  };
}

describe("doctor", () => {
  it("says that all is well when it is", async () => {
    await line.signIn();
    await line.run(["setup-git"]);
    const { exitCode, states } = await examine();
    expect({ exitCode, states }).toEqual({
      exitCode: 0,
      states: {
        storage: "ok",
        consumer: "ok",
        account: "ok",
        grant: "ok",
        scopes: "ok",
        clock: "ok",
        git: "ok",
      },
    });
  });

  it("says what to do first on a new machine", async () => {
    const { exitCode, states, text } = await examine();
    expect(exitCode).toBe(2);
    expect(states).toEqual({ storage: "ok", account: "problem", git: "note" });
    expect(text).toContain("To sign in: bitbucket-auth login");
    expect(text).toContain("bitbucket-auth setup-git");
  });

  it("tells a Git that is not there from one that cannot read its configuration", async () => {
    const git = async (env: Record<string, string>): Promise<unknown> =>
      JSON.parse((await line.run(["doctor", "--json"], { env })).stdout).findings.find(
        ({ check }: { check: string }) => check === "git",
      );
    expect(await git({ PATH: line.home })).toMatchObject({
      state: "note",
      text: "git is not installed, or not on the PATH.",
    });
    await writeFile(join(line.home, ".gitconfig"), "[credential");
    expect(await git({})).toMatchObject({
      state: "problem",
      text: "git cannot be used. To see why: git config --list",
    });
  });

  it("tells a revoked grant from a wrong consumer", async () => {
    await line.signIn();
    await line.expire();
    line.grant().revoke();
    const { exitCode, states, text } = await examine();
    expect({ exitCode, consumer: states["consumer"], grant: states["grant"] }).toEqual({
      exitCode: 2,
      consumer: "ok",
      grant: "problem",
    });
    expect(text).toContain("To sign in: bitbucket-auth login");
  });

  it("names the file that is open to others, and the command that closes it", async () => {
    await line.signIn();
    await chmod(line.directory, 0o750);
    const { exitCode, states, text } = await examine();
    expect({ exitCode, storage: states["storage"] }).toEqual({ exitCode: 4, storage: "problem" });
    expect(text).toContain(`chmod -R u=rwX,go= '${line.directory}'`);
  });

  it("exits with 3 when Bitbucket does not answer", async () => {
    await line.signIn();
    line.mock.faults.when("token", { status: 503 });
    line.mock.faults.when("api", { status: 503 });
    const { exitCode, states } = await examine();
    expect({ exitCode, consumer: states["consumer"] }).toEqual({ exitCode: 3, consumer: "unknown" });
  });
});

describe("judgeConsumer()", () => {
  const refusal = (oauthError: string, description: string): Parameters<typeof judgeConsumer>[0] => ({
    transient: false,
    message: "refused",
    oauthError,
    description,
  });

  it.each([
    ["invalid_request", "No callback uri defined for the OAuth client.", "problem", "has no callback URL"],
    [
      "invalid_grant",
      'Cannot use client_credentials with a consumer marked as "public". Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.',
      "note",
      "The consumer is public",
    ],
    ["unauthorized_client", "Invalid OAuth client credentials", "problem", "refuses key and secret"],
  ])("reads %s, %s", (oauthError, description, state, words) => {
    const found = judgeConsumer(refusal(oauthError, description));
    expect(found.state).toBe(state);
    expect(found.text).toContain(words);
  });

  it("blames nothing when Bitbucket did not answer", () => {
    expect(judgeConsumer({ ...refusal("", ""), transient: true })).toMatchObject({
      state: "unknown",
      exitCode: 3,
    });
  });
});

describe("what doctor decides by itself", () => {
  it("reads scopes with those they imply", () => {
    expect(judgeScopes(undefined)).toEqual([]);
    expect(judgeScopes(["account"])).toMatchObject([{ state: "problem", exitCode: 4 }]);
    expect(judgeScopes(["pullrequest"])).toMatchObject([{ state: "note" }]);
    expect(judgeScopes(["pullrequest:write"])).toMatchObject([{ state: "ok" }]);
  });

  it("judges the clock by the part of the difference that the network does not explain", () => {
    expect(judgeClock(1_000_000, { from: 990_000, to: 1_010_000 }).state).toBe("ok");
    expect(judgeClock(1_000_000, { from: 1_100_000, to: 1_101_000 })).toMatchObject({
      state: "note",
      text: expect.stringContaining("100 s ahead of Bitbucket"),
    });
    expect(judgeClock(9_000_000, { from: 1_000_000, to: 1_001_000 })).toMatchObject({
      state: "problem",
      text: expect.stringContaining("7999 s behind Bitbucket"),
    });
  });

  it("sees no helper where a later line empties the list", () => {
    const ours = "!'/usr/bin/node' '/opt/cli/main.js' git-credential";
    expect(activeHelper(["store", "", ours])).toBe(ours);
    expect(activeHelper(["", ours, "", "cache"])).toBeUndefined();
  });

  it("puts what is set up wrongly before what a sign-in would mend, and that before waiting", () => {
    const of = (exitCode: number): Parameters<typeof worstOf>[0][number] => ({
      check: "git",
      state: "problem",
      text: "",
      exitCode,
    });
    expect(worstOf([of(3), of(2), of(4), of(0)])).toBe(4);
    expect(worstOf([of(3), of(2)])).toBe(2);
    expect(worstOf([of(0)])).toBe(0);
  });

  it("knows which policies of Redis drop grants", () => {
    expect(judgeEviction("maxmemory_policy:noeviction\r\n").state).toBe("ok");
    expect(judgeEviction("maxmemory_policy:allkeys-lru\r\n")).toMatchObject({
      state: "problem",
      exitCode: 4,
    });
    expect(judgeEviction("").state).toBe("unknown");
  });
});

describe("doctor --live", () => {
  /** A project that has the testing kit, as a user's would. */
  async function project(): Promise<string> {
    const modules = join(line.home, "project", "node_modules", "@bitbucket-auth");
    await mkdir(modules, { recursive: true });
    await writeFile(join(line.home, "project", "package.json"), "{}");
    const { symlink } = await import("node:fs/promises");
    await symlink(fileURLToPath(new URL("../../testing", import.meta.url)), join(modules, "testing"));
    return join(line.home, "project");
  }

  it(
    "finds no difference between the table and the fake, and leaves the grant alive",
    { timeout: 120_000 },
    async () => {
      await line.signIn("conformance");
      const cwd = await project();
      const { exitCode, stdout, stderr } = await line.run(["doctor", "--live", "--account", "conformance"], {
        cwd,
      });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout).toMatch(/answers as the table says, in (\d+) of \1 stories/);
      expect(line.mock.leaks(stdout + stderr)).toEqual([]);
      expect(line.grant().live).toBe(true);
    },
  );

  it(
    "reports what is answered otherwise, without a secret, and exits with 1",
    { timeout: 120_000 },
    async () => {
      await line.close();
      line = await openCommandLine({ profile: "cloud-legacy" });
      await line.signIn("conformance");
      const cwd = await project();
      const args = ["doctor", "--live", "--json", "--account", "conformance"];
      const { exitCode, stdout } = await line.run(args, { cwd });
      expect(exitCode).toBe(1);
      expect((JSON.parse(stdout) as { differences: unknown[] }).differences.length).toBeGreaterThan(0);
      expect(line.mock.leaks(stdout)).toEqual([]);
    },
  );

  it("wants an account that is named, because it uses it up", async () => {
    const { exitCode, stderr } = await line.run(["doctor", "--live"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("bitbucket-auth login --account conformance");
  });
});
