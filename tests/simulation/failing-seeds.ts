import { simulate } from "./simulate.ts";
import type { SimulationOptions } from "./world.ts";

/** What came of many worlds. */
export interface SeedResults {
  /** The seeds whose world broke a promise, and which. */
  readonly failing: readonly string[];
  readonly redemptions: number;
  /** Worlds where the grant was lost through nobody's fault. */
  readonly orphaned: number;
}

/**
 * Simulates that many worlds, one after the other: always the same ones, so that a failure is the change's and not the
 * day's. `SIMULATION_FROM=random` (or a number) goes where nobody has been yet; `SIMULATION_SEED` repeats one seed and
 * tells its story.
 */
export async function failingSeeds(seeds: number, options: SimulationOptions): Promise<SeedResults> {
  const { SIMULATION_SEED: only, SIMULATION_FROM: from } = process.env;
  const first =
    only !== undefined
      ? Number(only)
      : from === "random"
        ? Math.floor(Math.random() * 2 ** 30)
        : Number(from ?? 1);
  const last = only === undefined ? first + seeds : first + 1;
  const failing: string[] = [];
  let redemptions = 0;
  let orphaned = 0;
  for (let seed = first; seed < last; seed++) {
    const simulation = await simulate(seed, options);
    redemptions += simulation.redemptions;
    if (only !== undefined) console.log(simulation.notes.join("\n"));
    if (simulation.isOrphaned) orphaned++;
    else if (simulation.violations.length > 0)
      failing.push(`seed ${seed}: ${simulation.violations.slice(0, 3).join("; ")}`);
  }
  console.log(
    `seeds ${first} to ${last - 1}: ${failing.length} failing, ${orphaned} orphaned, ${redemptions} refreshes`,
  );
  return { failing, redemptions, orphaned };
}
