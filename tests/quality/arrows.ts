import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";

/** Who imports whom inside one `src`: for each file, by path, the files it imports. Types count as well. */
export type Arrows = ReadonlyMap<string, readonly string[]>;

/** Reads the arrows between the files of a folder. */
export async function readArrows(directory: string): Promise<Arrows> {
  const paths = (await readdir(directory, { recursive: true })).map((path) => path.replaceAll("\\", "/"));
  const files = paths.filter((path) => path.endsWith(".ts")).toSorted();
  const arrows = files.map(async (file) => {
    const text = await readFile(join(directory, file), "utf8");
    const imported = [...text.matchAll(/(?:\bfrom|^import|\bimport\()\s*"(\.[^"]+)\.js"/gm)].map(
      ([, path = ""]) => `${posix.join(posix.dirname(file), path)}.ts`,
    );
    return [file, [...new Set(imported)]] as const;
  });
  return new Map(await Promise.all(arrows));
}

/** The files that reach themselves, each circle once, sorted. */
export function findCircles(arrows: Arrows): readonly (readonly string[])[] {
  const reachable = new Map([...arrows.keys()].map((file) => [file, reach(arrows, file)]));
  const circles = [...reachable]
    .filter(([file, reached]) => reached.has(file))
    .map(([file, reached]) => [...reached].filter((other) => reachable.get(other)?.has(file)).toSorted());
  return [...new Set(circles.map((circle) => circle.join(" ")))].map((circle) => circle.split(" "));
}

function reach(arrows: Arrows, from: string): ReadonlySet<string> {
  const found = new Set<string>();
  const next = [...(arrows.get(from) ?? [])];
  for (const file of next) {
    if (found.has(file)) continue;
    found.add(file);
    next.push(...(arrows.get(file) ?? []));
  }
  return found;
}

/** Where a file belongs: its folder, or itself where it stands at the top. */
export function placeOf(file: string): string {
  const [first = "", ...inside] = file.split("/");
  return inside.length > 0 ? `${first}/` : first.replace(/\.ts$/, "");
}

/** The arrows that lead from a floor to a higher one, and the files that stand on no floor. */
export function againstOrder(arrows: Arrows, floors: readonly (readonly string[])[]): readonly string[] {
  const floorOf = new Map(floors.flatMap((places, floor) => places.map((place) => [place, floor] as const)));
  const found: string[] = [];
  for (const [file, imported] of arrows) {
    const floor = floorOf.get(placeOf(file));
    if (floor === undefined) found.push(`${file} stands on no floor`);
    for (const other of imported)
      if ((floorOf.get(placeOf(other)) ?? -1) > (floor ?? -1)) found.push(`${file} -> ${other}`);
  }
  return found;
}

/** The floors that a page shows between its marks, the lowest first: one line each, places apart by spaces. */
export function readFloors(page: string, name: string): readonly (readonly string[])[] {
  const [, block] = new RegExp(`<!-- floors: ${name} -->\\s*\`\`\`\\n([^]*?)\n\`\`\``).exec(page) ?? [];
  if (block === undefined) throw new Error(`The page shows no floors of ${name}`);
  return block
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .toReversed();
}
