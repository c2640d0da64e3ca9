import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { entryDirectoryName } from "../src/file-name.ts";
import { createFileStorage } from "../src/file-storage.ts";
import { killDuringWrites } from "./processes/kill-during-writes.ts";
import { startWorker, type Worker } from "./processes/start-worker.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const longMs = 600_000;
/** For what hangs. Writing to disk a thousand times takes minutes on a busy machine. */
const timeoutMs = 600_000;
const startWorkers = (directory: string, config?: string): Promise<Worker[]> =>
  Promise.all(Array.from({ length: 8 }, () => startWorker(directory, config)));

describe("8 processes", { timeout: timeoutMs }, () => {
  it("make 800 of 800 increments, 100 each", async () => {
    const directory = await temporaryDirectory();
    const workers = await startWorkers(directory);
    await Promise.all(workers.map((worker) => worker.call("increment", 100)));
    const entry = await createFileStorage({ directory }).get("k");
    const marks = new TextDecoder().decode(entry?.bytes).split(" ");
    expect({ made: marks.length, lasting: new Set(marks).size }).toEqual({ made: 800, lasting: 800 });
  });

  it("agree on one encryption key when they start together", async () => {
    const directory = await temporaryDirectory();
    const workers = await startWorkers(directory, join(directory, "config"));
    const keys = await Promise.all(workers.map((worker) => worker.call("key")));
    expect(new Set(keys).size).toBe(1);
  });

  it("never hold a lapsed lease together, in 400 rounds", async () => {
    const directory = await temporaryDirectory();
    const workers = await startWorkers(directory);
    const absent = await createFileStorage({ directory }).tryLease("k", { owner: "absent", ttlMs: longMs });
    let fence: number | null | undefined = absent?.fence;
    for (let round = 0; round < 400; round += 1) {
      // The lease of the round before lapses now.
      await utimes(join(directory, "tokens", entryDirectoryName("k"), `${fence}.lease`), 1, 1);
      const answers = await Promise.all(
        workers.map((worker, nth) => worker.call("lease", `owner-${round}-${nth}`, longMs)),
      );
      const fences = answers.filter((answer) => answer !== null);
      expect(fences).toHaveLength(1);
      [fence] = fences;
    }
  });
});

describe("a process that is killed", { timeout: timeoutMs }, () => {
  it("while it writes leaves no torn, empty or readable file and loses nothing it was told is written", async () => {
    const directory = await temporaryDirectory();
    const { answered, kills } = await killDuringWrites(directory, {
      writes: 1_000,
      seed: Date.now() % 1_000_000,
    });
    expect(answered).toBeGreaterThanOrEqual(1_000);
    expect(kills).toBeGreaterThan(10);
  });

  it("while it holds a lease leaves it to the next at once", async () => {
    const directory = await temporaryDirectory();
    const [holder, next] = [await startWorker(directory), await startWorker(directory)];
    expect(await holder.call("lease", "holder", longMs)).toBe(1);
    expect(await next.call("lease", "next", longMs)).toBeNull();
    await holder.kill();
    expect(await next.call("lease", "next", longMs)).toBe(2);
  });
});

describe("a process that is stopped for longer than its lease", { timeout: timeoutMs }, () => {
  it("is told that it lost it, and takes nothing from the next holder", async () => {
    const directory = await temporaryDirectory();
    const [sleeper, next, third] = await startWorkers(directory);
    if (!sleeper || !next || !third) throw new Error("8 were started");
    expect(await sleeper.call("lease", "sleeper", 50)).toBe(1);
    sleeper.signal("SIGSTOP");
    let fence: number | null = null;
    for (let attempt = 0; attempt < 10_000 && fence === null; attempt += 1) {
      fence = await next.call("lease", "next", longMs);
    }
    expect(fence).toBe(2);
    sleeper.signal("SIGCONT");
    expect(await sleeper.call("renew", longMs)).toBe(false);
    await sleeper.call("release");
    expect(await third.call("lease", "third", longMs)).toBeNull();
    expect(await next.call("renew", longMs)).toBe(true);
  });
});
