import process from "node:process";

/** Runs one part of a benchmark and says on stderr what it is and how long it took. */
export async function step<T>(title: string, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  process.stderr.write(`${title} … `);
  const result = await run();
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return result;
}
