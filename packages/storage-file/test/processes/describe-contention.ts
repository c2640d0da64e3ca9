import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileStorage } from "../../src/file-storage.ts";
import { entryDirectoryName } from "../../src/paths.ts";
import { temporaryDirectory } from "../harness.ts";
import { killDuringWrites } from "./kill-during-writes.ts";
import { startEight } from "./start-worker.ts";

const longMs = 600_000;
/** For what hangs. Writing to disk a thousand times takes minutes on a busy machine. */
const timeoutMs = 600_000;

/** How often it is tried. */
export interface Contention {
  /** A multiple of 8. */
  readonly increments: number;
  readonly rounds: number;
  readonly writes: number;
}

/** Registers what processes promise that write the same record and take the same lease. */
export function describeContention({ increments, rounds, writes }: Contention): void {
  describe("8 processes", { timeout: timeoutMs }, () => {
    it(`make every one of ${increments} increments, all at once`, async () => {
      const directory = await temporaryDirectory();
      const workers = await startEight(directory);
      await Promise.all(workers.map((worker) => worker.call("increment", increments / workers.length)));
      const entry = await createFileStorage({ directory }).get("k");
      const marks = new TextDecoder().decode(entry?.bytes).split(" ");
      expect({ made: marks.length, lasting: new Set(marks).size }).toEqual({
        made: increments,
        lasting: increments,
      });
    });

    it(`never hold a lapsed lease together, in ${rounds} rounds`, async () => {
      const directory = await temporaryDirectory();
      const workers = await startEight(directory);
      const absent = await createFileStorage({ directory }).tryLease("k", { owner: "absent", ttlMs: longMs });
      let fence: number | null | undefined = absent?.fence;
      for (let round = 0; round < rounds; round += 1) {
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
        writes,
        seed: Date.now() % 1_000_000,
      });
      expect(answered).toBeGreaterThanOrEqual(writes);
      expect(kills).toBeGreaterThan(writes / 100);
    });
  });
}
