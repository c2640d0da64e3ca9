// Writes the repository's address, which stands in the root's package.json, into every package's manifest and README.
//   npm pkg set repository=https://github.com/owner/name && node tests/release/name-repository.ts
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sourceFields, withAddresses } from "./repository.ts";
import { root } from "./run-pnpm.ts";

const { repository } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  repository?: string;
};
if (!/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+$/.test(repository ?? ""))
  throw new Error('The root\'s package.json has no "repository" such as "https://github.com/owner/name".');
const address = repository ?? "";

for (const folder of await readdir(join(root, "packages"))) {
  const home = join(root, "packages", folder);
  const manifest = JSON.parse(await readFile(join(home, "package.json"), "utf8")) as object;
  const named = { ...manifest, ...sourceFields(address, folder) };
  await writeFile(join(home, "package.json"), `${JSON.stringify(named, undefined, 2)}\n`);
  const readme = join(home, "README.md");
  await writeFile(readme, withAddresses(await readFile(readme, "utf8"), address, folder));
}
