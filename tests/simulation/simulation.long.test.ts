import { beforeAll, describe, expect, it } from "vitest";
import { digestAtOnce } from "./digest-at-once.ts";
import { failingSeeds } from "./failing-seeds.ts";
import { worlds } from "./worlds.ts";

describe("hundreds of simulated worlds", () => {
  beforeAll(digestAtOnce);

  it.each(Object.entries(worlds))(
    "keeps every promise where %s",
    { timeout: 20 * 60_000 },
    async (_world, options) => {
      const { failing } = await failingSeeds(100, options);
      expect(failing).toEqual([]);
    },
  );
});
