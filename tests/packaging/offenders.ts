import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { PackedPackage } from "../consumers/packed-packages.ts";
import { readModule } from "./module-facts.ts";

/** What breaks a rule. */
export type Found = readonly string[];

/** The packages that break a rule, by what they break it with. Empty when all keep it. */
export async function offenders(
  packed: readonly PackedPackage[],
  findIn: (given: PackedPackage) => Found | Promise<Found>,
): Promise<Readonly<Record<string, Found>>> {
  const found = await Promise.all(packed.map(async (given) => [given.name, await findIn(given)] as const));
  return Object.fromEntries(found.filter(([, offending]) => offending.length > 0));
}

/** Reads every built file with such an ending, and answers what `tell` has to say about each. There must be some. */
export async function readEach(
  { directory, files }: PackedPackage,
  ending: RegExp,
  tell: (text: string, file: string) => Found,
): Promise<Found> {
  const chosen = files.filter((file) => file.startsWith("dist/") && ending.test(file));
  expect(chosen.length).toBeGreaterThan(0);
  const told = chosen.map(async (file) => tell(await readFile(join(directory, file), "utf8"), file));
  return (await Promise.all(told)).flat();
}

/** Asks `offends` about every import of every built file with such an ending. */
export function eachImport(
  given: PackedPackage,
  ending: RegExp,
  offends: (imported: string) => boolean,
): Promise<Found> {
  return readEach(given, ending, (text, file) =>
    readModule(text)
      .imports.filter(offends)
      .map((imported) => `${file} -> ${imported}`),
  );
}
