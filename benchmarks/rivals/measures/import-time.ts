import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { folderOf } from "../install-rivals.ts";

const run = promisify(execFile);
const processes = 7;

/** Milliseconds of processor time to import each package, the median of new processes that took turns. */
export async function importTimes(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn < processes; turn++)
    for (const name of names) times.get(name)?.push(await importOnce(name));
  return new Map([...times].map(([name, taken]) => [name, median(taken)]));
}

async function importOnce(name: string): Promise<number> {
  const program = `const startedAt = process.cpuUsage(); await import(${JSON.stringify(entryOf(name))});
    const { user, system } = process.cpuUsage(startedAt); console.log((user + system) / 1000); process.exit();`;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", program], {
    cwd: folderOf(name),
  });
  return Number(stdout.trim().split("\n").at(-1));
}

/** What a user of the package imports, where that is not its name. */
function entryOf(name: string): string {
  return name === "@smithy/core" ? "@smithy/core/config" : name;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
