/**
 * Looks whether the packages that are built into ours have newer releases, which reach users by a release of ours only. Exits
 * with 1 when one has. What is younger than three days does not count: pnpm would not install it yet.
 */
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { builtInto } from "./built-in.ts";

const packages = fileURLToPath(new URL("../packages/", import.meta.url));
const threeDaysMs = 3 * 86_400_000;

for (const folder of await readdir(packages))
  for (const { name, version } of await builtInto(join(packages, folder))) {
    const newest = newestOf(name, version);
    const isBehind = newest !== version;
    console.log(
      `${folder}: ${name} ${version}${isBehind ? `, and ${newest} is out: take it and release` : ", the newest"}`,
    );
    if (isBehind) process.exitCode = 1;
  }

/** The newest release with the same major that is old enough. */
function newestOf(name: string, current: string): string {
  const told = execFileSync("npm", ["view", name, "time", "--json"], { encoding: "utf8" });
  const times = Object.entries(JSON.parse(told) as Readonly<Record<string, string>>);
  const candidates = times
    .filter(([version]) => /^\d+\.\d+\.\d+$/.test(version) && version.split(".")[0] === current.split(".")[0])
    .filter(([, time]) => Date.now() - Date.parse(time) > threeDaysMs)
    .map(([version]) => version);
  return (
    [...candidates, current].toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1) ?? current
  );
}
