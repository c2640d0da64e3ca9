import { folderOf } from "../install-rivals.ts";
import { rivals } from "../rivals.ts";
import { count, type Table } from "../../results/table.ts";
import { importTimes } from "./import-time.ts";
import { installedSize, type InstalledSize } from "./installed-size.ts";
import { ours } from "./pack-ours.ts";
import { titles } from "./titles.ts";

/** What `npm install` of one package alone brings, and what importing it costs. */
export async function measureInstall(): Promise<Table> {
  const names = [ours, ...rivals.map(({ name }) => name)];
  const sizes = new Map<string, InstalledSize>();
  for (const name of names) sizes.set(name, await installedSize(folderOf(name)));
  const times = await importTimes(names);
  const versions = new Map(rivals.map(({ name, version }) => [name, version]));
  const sorted = names.toSorted((a, b) => (sizes.get(a)?.bytes ?? 0) - (sizes.get(b)?.bytes ?? 0));
  return {
    title: titles.install,
    method:
      "`npm install` of one package into an empty folder, ours from its tarball. Import: processor time, the median of seven new processes, which took turns.",
    columns: ["Package", "Packages", "kB", "Import, ms"],
    rows: sorted.map((name) => [
      name === ours ? `**${name}**` : `${name} ${versions.get(name)}`,
      count(sizes.get(name)?.packages ?? 0),
      count(Math.round((sizes.get(name)?.bytes ?? 0) / 1000)),
      count(Math.round(times.get(name) ?? Number.NaN)),
    ]),
    reading: "Ours is one package: zod and ofetch are built into it, as far as they are used.",
  };
}
