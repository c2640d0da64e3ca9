import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTerminal } from "../src/terminal.ts";
import { openCommandLine, type CommandLine, type Running } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

describe("on a terminal", () => {
  it("shows no colour with NO_COLOR", async () => {
    const shown = await typed(line.startOnTerminal(["token"], { env: { NO_COLOR: "1" } }));
    expect(shown).toBe("bitbucket-auth: Not signed in. To sign in: bitbucket-auth login\r\n");
  });

  it("Ctrl-C at a hidden prompt ends with 130, and leaves the terminal as it was", async () => {
    const running = line.startOnTerminal(["login", "--api-token", "--email", "alice@example.com"]);
    await running.seen(/Token \(not shown\): /);
    running.type("half a token\u0003");
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(130);
    expect(stdout).not.toContain("half a token");
  });
});

describe("without a terminal", () => {
  it("--json is the only thing on stdout, and a failure is JSON on stderr", async () => {
    const { exitCode, stdout, stderr } = await line.run(["token", "--json"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "signed_out",
        message: "Not signed in. To sign in: bitbucket-auth login",
        exitCode: 2,
      },
    });
  });

  it.each([
    [["token", "--json", "--acount", "x"], "unknown option '--acount'\n(Did you mean --account?)"],
    [["statsu", "--json"], "unknown command 'statsu'\n(Did you mean status?)"],
    [["status", "--json", "more"], "too many arguments for 'status'. Expected 0 arguments but got 1."],
  ])("a line that cannot be read is JSON on stderr as well: %j", async (args, message) => {
    const { exitCode, stdout, stderr } = await line.run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "usage", message: message.replace("\n", " "), exitCode: 1 },
    });
  });

  it("the --json of a command that exec runs is not its own", async () => {
    const { exitCode, stderr } = await line.run(["exec", "--", "npm", "ls", "--json"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: "bitbucket-auth: Not signed in. To sign in: bitbucket-auth login\n",
    });
  });

  it("an answer that cannot be written is one line and exit 4, and what was begun is ended first", async () => {
    await line.signIn();
    await line.expire();
    const { generation } = line.grant();
    const full = await line.runInShell('exec "$@" >/dev/full', ["token"]);
    expect(full).toMatchObject({
      exitCode: 4,
      stderr: "bitbucket-auth: The answer cannot be written to stdout (ENOSPC).\n",
    });
    expect(line.grant().generation).toBe(generation + 1);
    expect((await line.run(["token"])).stdout.trim()).toBe(line.grant().tokens.accessToken);
  });
});

describe("createTerminal()", () => {
  it("hands out the lines of one pipe to one question each", async () => {
    const stdin = new PassThrough();
    const streams = { stdin, stdout: new PassThrough(), stderr: new PassThrough() };
    const terminal = createTerminal(streams, {});
    stdin.end("first\r\n second \n");
    expect(await terminal.ask("One")).toBe("first");
    expect(await terminal.ask("Two", { hidden: true })).toBe("second");
    await expect(terminal.ask("Three")).rejects.toThrow("Three: stdin has no line for it");
  });

  it("stops waiting at the signal", async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const terminal = createTerminal(streams, {});
    const stop = new AbortController();
    const asked = terminal.ask("One", { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });
});

async function typed(running: Running): Promise<string> {
  return (await running.ended).stdout;
}
