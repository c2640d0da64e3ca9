import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StorageError, type TokenStorage } from "@bitbucket-auth/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { yieldToMemory } from "../src/place.ts";
import { openCommandLine, type CommandLine } from "./command-line.ts";

let line: CommandLine;
beforeEach(async () => {
  line = await openCommandLine();
});
afterEach(() => line.close());

/** As in a container that runs as a user whom no `/etc/passwd` knows. */
const homeless = { HOME: "", BITBUCKET_AUTH_DIRECTORY: "", BITBUCKET_AUTH_KEY_DIRECTORY: "" };
const staticToken = { BITBUCKET_ACCESS_TOKEN: "ATCTT-of-the-runner" };

function consumerOf({ mock }: CommandLine): { BITBUCKET_CLIENT_ID: string; BITBUCKET_CLIENT_SECRET: string } {
  const [consumer] = mock.consumers;
  return {
    BITBUCKET_CLIENT_ID: consumer?.clientId ?? "",
    BITBUCKET_CLIENT_SECRET: consumer?.clientSecret ?? "",
  };
}

/** Where records would be is below a file: nothing can be read or made there, whoever runs this. */
async function belowAFile({ home }: CommandLine): Promise<{ BITBUCKET_AUTH_DIRECTORY: string }> {
  await writeFile(join(home, "file"), "");
  return { BITBUCKET_AUTH_DIRECTORY: join(home, "file", "data") };
}

describe("a user without a place for records", () => {
  it("is given the access token of the environment, also without a home", async () => {
    const { exitCode, stdout, stderr } = await line.run(["token"], { env: { ...homeless, ...staticToken } });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: "ATCTT-of-the-runner\n",
      stderr: "",
    });
  });

  it("is given a token of the consumer, and told once that it is not kept and what to set", async () => {
    const { exitCode, stdout, stderr } = await line.run(["token", "--json"], {
      env: { ...homeless, ...consumerOf(line) },
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ account: null, kind: "consumer" });
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^bitbucket-auth: Nothing is kept\. .*BITBUCKET_AUTH_DIRECTORY/),
    ]);
    expect(stderr).not.toContain("`directory`");
  });

  it("runs a command with the token where the directory can be neither read nor made", async () => {
    const env = { ...(await belowAFile(line)), ...consumerOf(line) };
    const command = [process.execPath, "-e", "console.log(process.env.BITBUCKET_TOKEN.length)"];
    expect(await line.run(["exec", "--", ...command], { env })).toMatchObject({
      exitCode: 0,
      stdout: "2600\n",
    });
  });

  it("is told once, by one line, where the directory can only not be made", async () => {
    const env = { BITBUCKET_AUTH_DIRECTORY: "/proc/none/data", ...consumerOf(line) };
    const { exitCode, stderr } = await line.run(["token"], { env });
    expect(exitCode).toBe(0);
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining("/proc/none is missing")]);
  });

  it("is answered as Git's helper, for `get` and for `erase`", async () => {
    const { protocol, host } = new URL(line.server.url);
    const input = `protocol=${protocol.slice(0, -1)}\nhost=${host}\n\n`;
    const env = { ...homeless, ...consumerOf(line) };
    const got = await line.run(["git-credential", "get"], { env, input });
    expect(got.stdout).toMatch(/^username=x-token-auth\npassword=\S+\n/);
    const erase = `protocol=${protocol.slice(0, -1)}\nhost=${host}\npassword=x\n\n`;
    expect(await line.run(["git-credential", "erase"], { env, input: erase })).toMatchObject({ exitCode: 0 });
  });

  it("is told by status that nothing is kept", async () => {
    const { exitCode, stdout } = await line.run(["status", "--json"], {
      env: { ...homeless, ...consumerOf(line) },
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      works: true,
      kind: "consumer",
      keptIn: "nowhere",
      accounts: [],
    });
  });

  it("cannot sign in, for that would be lost, and is told what to set", async () => {
    const { exitCode, stderr } = await line.run(["login", "--no-browser"], {
      env: { ...homeless, ...consumerOf(line) },
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain("BITBUCKET_AUTH_DIRECTORY");
    expect(line.mock.requests.count("token")).toBe(0);
  });

  it("is refused where an account was named, or the environment describes none", async () => {
    const named = await line.run(["token", "--account", "work"], {
      env: { ...homeless, ...consumerOf(line) },
    });
    const none = await line.run(["token"], { env: homeless });
    expect([named.exitCode, none.exitCode]).toEqual([4, 4]);
  });
});

describe("a storage that yields to memory", () => {
  const setUpWrongly = (): Promise<never> =>
    Promise.reject(new StorageError("The disk is read-only.", { action: "fix_config" }));
  const failsToWrite = (found: { bytes: Uint8Array; version: string } | null): TokenStorage => ({
    caps: { lease: "host", watch: false, list: false, durable: true },
    get: async () => found,
    compareAndSwap: setUpWrongly,
    delete: async () => false,
    tryLease: setUpWrongly,
    ownKeys: setUpWrongly,
    close: async () => {},
  });
  const bytes = new Uint8Array([1]);

  it("keeps in memory what a place that is set up wrongly does not take, and says so once", async () => {
    const said: string[] = [];
    const storage = yieldToMemory(failsToWrite(null), (reason) => said.push(reason));
    expect(await storage.get("a")).toBeNull();
    expect(await storage.tryLease("a", { owner: "me", ttlMs: 1_000 })).not.toBeNull();
    expect(await storage.compareAndSwap("a", null, bytes, { version: "1" })).toEqual({ ok: true });
    expect(await storage.get("a")).toEqual({ bytes, version: "1" });
    expect(await storage.ownKeys?.()).toEqual(await storage.ownKeys?.());
    expect(said).toEqual(["The disk is read-only."]);
  });

  it("never does so once something was found: a grant that is renewed in memory would be lost", async () => {
    const storage = yieldToMemory(failsToWrite({ bytes, version: "1" }), () => {});
    await storage.get("a");
    await expect(storage.compareAndSwap("a", "1", bytes, { version: "2" })).rejects.toMatchObject({
      code: "storage_failed",
    });
  });

  it("passes on what waiting mends", async () => {
    const busy = { ...failsToWrite(null), tryLease: () => Promise.reject(new StorageError("Busy.")) };
    const storage = yieldToMemory(busy, () => {});
    await expect(storage.tryLease("a", { owner: "me", ttlMs: 1_000 })).rejects.toThrow("Busy.");
  });
});
