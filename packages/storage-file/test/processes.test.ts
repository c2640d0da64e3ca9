import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "./harness.ts";
import { describeContention } from "./processes/describe-contention.ts";
import { startEight, startWorker, type Worker } from "./processes/start-worker.ts";

const longMs = 600_000;
/** For what hangs. */
const timeoutMs = 120_000;
// The long suite has eight times as many of each.
describeContention({ increments: 104, rounds: 50, writes: 200 });

it("8 processes agree on one encryption key when they start together", { timeout: timeoutMs }, async () => {
  const directory = await temporaryDirectory();
  const workers = await startEight(directory, join(directory, "config"));
  const keys = await Promise.all(workers.map((worker) => worker.call("key")));
  expect(new Set(keys).size).toBe(1);
});

describe("a process that is killed", { timeout: timeoutMs }, () => {
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
    const start = (): Promise<Worker> => startWorker(directory);
    const [sleeper, next, third] = await Promise.all([start(), start(), start()]);
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
