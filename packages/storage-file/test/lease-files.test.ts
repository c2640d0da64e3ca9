import { stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPlace } from "../src/draft.ts";
import { nodeFileSystem } from "../src/file-system.ts";
import { leaseState } from "../src/lease-files.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** What the state of a lease says of a file that was just made, and of the same file once it has its lapse. */
async function lapses(fs = nodeFileSystem): Promise<{ made: number; writtenAt: number; set?: number }> {
  const directory = await temporaryDirectory();
  const files = { place: createPlace(fs, directory), directory };
  const path = join(directory, "1.lease");
  await writeFile(path, "{}", { mode: 0o600 });
  const { mtimeMs: writtenAt } = await stat(path);
  const made = await leaseState(files, 1);
  await utimes(path, 1_000, 1_000);
  const set = await leaseState(files, 1);
  return { made: made?.lapsesAt ?? 0, writtenAt, ...(set && { set: set.lapsesAt }) };
}

describe("leaseState()", () => {
  it("takes the time of the file for its lapse", async () => {
    const { made, writtenAt, set } = await lapses();
    expect([made, set]).toEqual([writtenAt, 1_000_000]);
  });

  it("gives a lease that is still being written, where there are no hard links, a second more", async () => {
    const link = () => Promise.reject(Object.assign(new Error("EPERM: link"), { code: "EPERM" }));
    const { made, writtenAt, set } = await lapses({ ...nodeFileSystem, link });
    expect([made, set]).toEqual([writtenAt + 1_000, 1_000_000]);
  });
});
