import { expect, it } from "vitest";
import { temporaryDirectory } from "./harness.ts";
import { killDuringWrites } from "./processes/kill-during-writes.ts";

it(
  "leaves no torn, empty or readable file in 10,000 writes under kill -9",
  { timeout: 900_000 },
  async () => {
    const directory = await temporaryDirectory();
    const { answered } = await killDuringWrites(directory, { writes: 10_000, seed: Date.now() % 1_000_000 });
    expect(answered).toBeGreaterThanOrEqual(10_000);
  },
);
