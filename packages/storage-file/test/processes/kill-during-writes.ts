import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { createFileStorage } from "../../src/file-storage.ts";
import { entryDirectoryName } from "../../src/paths.ts";
import { parseVersionFile } from "../../src/version-file.ts";
import { startWorker } from "./start-worker.ts";

/**
 * Kills a writing process at random points, over and over, until `writes` were made. After each death every file must be whole
 * and private, and nothing that was answered may be missing.
 */
export async function killDuringWrites(
  directory: string,
  { writes, seed }: { writes: number; seed: number },
) {
  console.log(`kill -9 during writes: seed ${seed}`);
  const random = seededRandom(seed);
  const storage = createFileStorage({ directory });
  let [answered, kills] = [0, 0];
  while (answered < writes) {
    const worker = await startWorker(directory);
    const enough = answered + 1 + Math.floor(random() * 60);
    const written = new Promise<void>((resolve) => {
      worker.onWrote((nth) => {
        answered = nth;
        if (nth >= enough) resolve();
      });
    });
    // Note: this call is never answered, the process dies in it.
    worker.call("writeForEver").catch(() => undefined);
    await written;
    await turns(Math.floor(random() * 40));
    await worker.kill();
    kills += 1;
    await assertWhole(directory);
    const entry = await storage.get("k");
    expect(Number(new TextDecoder().decode(entry?.bytes).split(" ")[0])).toBeGreaterThanOrEqual(answered);
  }
  return { answered, kills };
}

/** No torn, empty or foreign-readable file. */
async function assertWhole(directory: string): Promise<void> {
  const entry = join(directory, "tokens", entryDirectoryName("k"));
  const names = await readdir(entry);
  expect(names.filter((name) => name.includes("corrupt"))).toEqual([]);
  for (const name of names.filter((each) => each.endsWith(".json"))) {
    expect(parseVersionFile("k", await readFile(join(entry, name), "utf8"))).not.toBeNull();
  }
  for (const found of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const { mode } = await stat(join(found.parentPath, found.name));
    expect(mode & 0o077).toBe(0);
  }
}

/** Lets a moment pass that is not a round number of milliseconds. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** mulberry32: the same seed gives the same points. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
