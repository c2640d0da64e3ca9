import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { SignedOutError } from "@bitbucket-auth/core";
import { createFileStorage } from "@bitbucket-auth/storage-file";
import { afterEach, describe, expect, it } from "vitest";
import { readEndpoints } from "../src/environment.ts";
import { openSettings } from "../src/settings.ts";
import { openCommandLine, type CommandLine, type Running } from "./command-line.ts";

let line: CommandLine;
afterEach(() => line.close());

async function open(): Promise<void> {
  line = await openCommandLine();
  // So that it can be watched from the first change on.
  await mkdir(line.directory, { mode: 0o700 });
}

/** Kills a process once it has made so many changes to files and directories; `false` when it ended before that. */
async function killAtChange(running: Running, nth: number): Promise<boolean> {
  let changes = 0;
  const watcher = watch(line.directory, { recursive: true }, () => {
    changes += 1;
    if (changes === nth) running.process.kill("SIGKILL");
  });
  const { signal } = await running.ended;
  watcher.close();
  return signal === "SIGKILL";
}

/** Whether Bitbucket takes what is kept for an account. Rejects with `SignedOutError` where nothing is kept. */
async function isAlive(account: string): Promise<boolean> {
  const auth = line.openAuth();
  try {
    const response = await auth.fetchFor(account)("/2.0/user");
    await response.body?.cancel();
    return response.status === 200;
  } finally {
    await auth.close();
  }
}

/** The accounts that the command line knows. */
async function accounts(): Promise<readonly string[]> {
  const storage = createFileStorage({ directory: line.directory, keyDirectory: line.keyDirectory });
  const names = await openSettings(storage, readEndpoints(line.env)).names();
  await storage.close();
  return names;
}

/**
 * Registers that a command which is killed leaves what the next one needs, at so many moments: each the number of changes to files
 * after which it is killed. A command that ends before is not killed, so not all of them are kills.
 */
export function describeKills(moments: readonly number[]): void {
  describe("a kill at any moment leaves the grant alive", { timeout: 300_000 }, () => {
    it.each([
      ["token", ["token"]],
      ["git-credential", ["git-credential", "get"]],
      ["exec", ["exec", "--", "true"]],
    ])("of %s", async (_name, args) => {
      await open();
      await line.signIn();
      let kills = 0;
      for (const nth of moments) {
        await line.expire();
        const running = line.start(args);
        running.process.stdin.end(`protocol=http\nhost=${new URL(line.server.url).host}\n\n`);
        if (await killAtChange(running, nth)) kills += 1;
        expect(await isAlive("default")).toBe(true);
      }
      expect(kills).toBeGreaterThan(moments.length / 4);
      // Each run or the look after it has refreshed, with what the kill left behind.
      expect(line.grant().generation).toBeGreaterThan(moments.length);
    });

    it("of a login: the account that was there works, and one that is new works or is not there", async () => {
      await open();
      await line.signIn();
      let kills = 0;
      for (const [index, nth] of moments.entries()) {
        const name = index % 2 === 0 ? "default" : `new-${nth}`;
        if (await killAtChange(await line.startLogin(["--account", name]), nth)) kills += 1;
        for (const each of await accounts()) expect(await isAlive(each)).toBe(true);
      }
      expect(kills).toBeGreaterThan(moments.length / 4);
      expect(await accounts()).toContain("default");
    });

    it("of a logout: the account works or is signed out, a second logout ends it, and others are untouched", async () => {
      await open();
      await line.signIn();
      let kills = 0;
      for (const nth of moments) {
        await line.signIn("leaving");
        if (await killAtChange(line.start(["logout", "--account", "leaving"]), nth)) kills += 1;
        const worksOrIsSignedOut = isAlive("leaving").catch(
          (error: unknown) => error instanceof SignedOutError,
        );
        expect(await worksOrIsSignedOut).toBe(true);
        const isHalfDone = (await accounts()).includes("leaving");
        const again = isHalfDone ? await line.run(["logout", "--account", "leaving"]) : { exitCode: 0 };
        expect(again.exitCode).toBe(0);
        expect(await accounts()).toEqual(["default"]);
        // Nothing is left that no command could forget any more.
        await expect(isAlive("leaving")).rejects.toThrow(SignedOutError);
      }
      expect(kills).toBeGreaterThan(moments.length / 4);
      expect(await isAlive("default")).toBe(true);
    });
  });
}
