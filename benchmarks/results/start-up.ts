import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Milliseconds of processor time of a new process that imports one module, as seen from a folder, and does nothing else. */
export async function importOnce(entry: string, directory: string): Promise<number> {
  const program = `const begin = process.cpuUsage(); await import(${JSON.stringify(entry)});
    const { user, system } = process.cpuUsage(begin); console.log((user + system) / 1000); process.exit();`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: directory,
  });
  return Number(stdout);
}

/** The package in a folder and everything it depends on, by name: what `npm install` of it alone brings. */
export async function installedPackages(
  directory: string,
  found = new Set<string>(),
): Promise<ReadonlySet<string>> {
  const { name, dependencies = {} } = JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as {
    readonly name: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  if (found.has(name)) return found;
  found.add(name);
  for (const dependency of Object.keys(dependencies)) {
    const modules = directory.includes("node_modules")
      ? join(directory, ...name.split("/").map(() => ".."))
      : join(directory, "node_modules");
    await installedPackages(await realpath(join(modules, dependency)), found);
  }
  return found;
}
