import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RefreshRejectedError, SignedOutError } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseAccount } from "../src/accounts.ts";
import { readAccountName, readEndpoints, readSpan } from "../src/environment.ts";
import { describeFailure } from "../src/failure.ts";
import { openCommandLine, type CommandLine } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine({ profile: "cloud-2026" });
});
afterEach(() => line.close());

/** Writes down every module that is imported, for a process that is started with it. */
const listLoaded = `
  const [{ appendFileSync }, { registerHooks }] = ["node:fs", "node:module"].map((name) => process.getBuiltinModule(name));
  registerHooks({ load(url, context, next) { appendFileSync(process.env.LOADED, url + "\\n"); return next(url, context); } });
`;

/** The stored token is as it was issued two hours ago, but for these minutes. */
async function leave(minutes: number): Promise<void> {
  const leftMs = minutes * 60_000;
  const auth = line.openAuth({ now: () => Date.now() - 7_200_000 + leftMs });
  await auth.saveTokens("default", { ...line.grant().tokens, expiresAt: Date.now() + leftMs });
  await auth.close();
}

describe("token", () => {
  it("refreshes once for eight processes, and all print the new token", async () => {
    await line.signIn();
    await line.expire();
    const before = line.mock.requests.count("token");
    const runs = await Promise.all(Array.from({ length: 8 }, () => line.run(["token"])));
    const { accessToken } = line.grant().tokens;
    expect(runs.map(({ stdout }) => stdout)).toEqual(runs.map(() => `${accessToken}\n`));
    expect(line.mock.requests.count("token") - before).toBe(1);
  });

  it("refreshes first where the token has less left than asked for", async () => {
    await line.signIn();
    const { accessToken } = line.grant().tokens;
    await leave(20);
    expect((await line.run(["token"])).stdout.trim()).toBe(accessToken);
    const { stdout } = await line.run(["token", "--min-validity", "30m"]);
    expect(stdout.trim()).not.toBe(accessToken);
  });

  it("waits for the refresh it begins ahead of need, so that its answer is kept", async () => {
    await line.signIn();
    const { accessToken } = line.grant().tokens;
    await leave(5);
    expect((await line.run(["token"])).stdout.trim()).toBe(accessToken);
    expect(line.grant().generation).toBe(2);
    expect((await line.run(["token"])).stdout.trim()).toBe(line.grant().tokens.accessToken);
    expect(line.grant().generation).toBe(2);
  });

  it("uses the environment where no account is kept: the consumer itself, kept for the next process", async () => {
    const [consumer] = line.mock.consumers;
    const env = {
      BITBUCKET_CLIENT_ID: consumer?.clientId ?? "",
      BITBUCKET_CLIENT_SECRET: consumer?.clientSecret ?? "",
    };
    const first = await line.run(["token", "--json"], { env });
    expect(JSON.parse(first.stdout)).toMatchObject({ account: null, kind: "consumer" });
    const second = await line.run(["token", "--json"], { env });
    expect(second.stdout).toBe(first.stdout);
    expect(line.mock.requests.count("token")).toBe(1);
  });

  it("uses an access token of the environment as it is", async () => {
    const { stdout } = await line.run(["token"], { env: { BITBUCKET_ACCESS_TOKEN: "ATCTT-of-the-runner" } });
    expect(stdout).toBe("ATCTT-of-the-runner\n");
  });

  // What lists modules is in Node 22.15 and later.
  const listsModules = process.env["COMMAND_LINE_NODE"] === undefined;
  it.runIf(listsModules)("loads what it uses and nothing else: no parser, no other command", async () => {
    await line.signIn();
    const list = join(line.home, "loaded");
    const hook = `data:text/javascript,${encodeURIComponent(listLoaded)}`;
    const env = { NODE_OPTIONS: `--import=${hook}`, LOADED: list };
    expect((await line.run(["token"], { env })).exitCode).toBe(0);
    const loaded = (await readFile(list, "utf8"))
      .trim()
      .split("\n")
      .filter((url) => !url.startsWith("data:"));
    const names = loaded.map((url) => url.replace(/^.*\/packages\/([\w-]+)\/dist\//, "$1: "));
    expect(new Set(names)).toEqual(
      new Set([
        "cli: main.js",
        "cli: shared-failure.js",
        "cli: shared-tokens.js",
        "core: index.js",
        "core: internal.js",
        "core: shared.js",
        "storage-file: index.js",
        ...["crypto", "fs", "fs/promises", "os", "path", "timers/promises"].map((name) => `node:${name}`),
      ]),
    );
  });

  it("exits with 3 and says when to try again while Bitbucket does not answer", async () => {
    await line.signIn();
    await line.expire();
    line.mock.faults.when("token", { status: 503 });
    const { exitCode, stdout, stderr } = await line.run(["token", "--json"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "token_request_failed" } });
  });
});

describe("several accounts", () => {
  it("are kept apart, and one is named", async () => {
    await line.signIn("one");
    await line.signIn("two");
    const { exitCode, stderr } = await line.run(["token"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("There are several accounts (one, two). Name one: --account one");
    const [one, two] = await Promise.all(
      ["one", "two"].map((account) => line.run(["token"], { env: { BITBUCKET_AUTH_ACCOUNT: account } })),
    );
    expect(one?.stdout).not.toBe(two?.stdout);
    expect((await line.run(["logout", "--account", "one"])).exitCode).toBe(0);
    expect((await line.run(["token"])).stdout).toBe(two?.stdout);
  });

  it("are never used for another server", async () => {
    await line.signIn();
    const other = await openCommandLine();
    const env = { BITBUCKET_AUTH_ENDPOINTS: other.env["BITBUCKET_AUTH_ENDPOINTS"] };
    expect((await line.run(["token"], { env })).exitCode).toBe(2);
    await other.close();
  });
});

describe("exec", () => {
  it("gives the command the token in its environment, and ends as it does", async () => {
    await line.signIn();
    const script = `process.stdout.write(process.env.BITBUCKET_TOKEN); process.exitCode = 7`;
    const { exitCode, stdout } = await line.run(["exec", "--", process.execPath, "-e", script]);
    expect(exitCode).toBe(7);
    expect(stdout).toBe(line.grant().tokens.accessToken);
  });

  it("passes signals on, and dies of the one its command died of", async () => {
    await line.signIn();
    const running = line.start([
      "exec",
      process.execPath,
      "-e",
      `console.log("up"); setTimeout(() => {}, 60_000)`,
    ]);
    await running.seen(/up/);
    running.process.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  });

  it("exits with 127 for a command that is not there, and with 2 without running anything when signed out", async () => {
    expect(await line.run(["exec", "--", "touch", "ran"])).toMatchObject({ exitCode: 2, stdout: "" });
    await line.signIn();
    const { exitCode, stderr } = await line.run(["exec", "--", "no-such-command"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 127,
      stderr: "bitbucket-auth: no-such-command: command not found\n",
    });
    // As a variable that is empty leaves it: "$COMMAND".
    expect(await line.run(["exec", "--", ""])).toMatchObject({
      exitCode: 127,
      stderr: "bitbucket-auth: '': command not found\n",
    });
  });
});

describe("what is decided without effects", () => {
  it("takes the account that is meant, and never guesses among several", () => {
    expect(chooseAccount([])).toBeUndefined();
    expect(chooseAccount(["work"])).toBe("work");
    expect(chooseAccount(["work", "default"])).toBe("default");
    expect(() => chooseAccount(["work", "home"])).toThrow("Name one: --account work");
  });

  it("reads spans of time", () => {
    expect(["90s", "10m", "1h"].map(readSpan)).toEqual([90_000, 600_000, 3_600_000]);
    for (const text of ["", "10", "m", "-1m", "1d", "1.5h"])
      expect(() => readSpan(text)).toThrow("no span of time");
  });

  it("refuses account names that could be more than a name", () => {
    expect(readAccountName(undefined, {})).toBeUndefined();
    expect(readAccountName("{uuid-1}", { BITBUCKET_AUTH_ACCOUNT: "other" })).toBe("{uuid-1}");
    for (const name of ["", "a b", "a'b", "a\nb", "$(id)"])
      expect(() => readAccountName(name, {})).toThrow("account name");
  });

  it.each([
    ["not JSON", "is not a JSON object"],
    ['{"tokenUrl":"http://evil.example/token"}', "tokenUrl in BITBUCKET_AUTH_ENDPOINTS must be https:"],
    ['{"apiUrl":7}', "apiUrl in BITBUCKET_AUTH_ENDPOINTS"],
    ['{"tokenURL":"https://a.example"}', "and nothing else"],
  ])("refuses endpoints that are %s", (text, words) => {
    expect(() => readEndpoints({ BITBUCKET_AUTH_ENDPOINTS: text })).toThrow(words);
  });

  it("says the next step once, as a command", () => {
    const error = new SignedOutError('Nothing is stored for account "work". Send the user to sign in.');
    expect(describeFailure(error, "bitbucket-auth login --account work")).toMatchObject({
      exitCode: 2,
      message: 'Nothing is stored for account "work". To sign in again: bitbucket-auth login --account work',
    });
  });

  it("says when, where core names the property that holds the time", () => {
    const error = new RefreshRejectedError("The grant is tried again after `retryAt`.", {
      certainty: "probable",
      retryAt: Date.UTC(2026, 10, 30, 12),
    });
    expect(describeFailure(error, "bitbucket-auth login").message).toContain(
      "is tried again after 2026-11-30T12:00:00.000Z.",
    );
  });

  it("says nothing of a foreign error but its name", () => {
    expect(describeFailure(new TypeError("secret inside"), "bitbucket-auth login")).toMatchObject({
      exitCode: 1,
      code: "internal",
      message: expect.not.stringContaining("secret inside"),
    });
  });
});
