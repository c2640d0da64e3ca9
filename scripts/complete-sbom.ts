/**
 * Adds to the software bills of materials in a folder what is built into each package: `pnpm sbom --prod` takes it for a tool
 * and leaves it out. Build first, and run it from a pnpm script.
 *
 *   node scripts/complete-sbom.ts folder
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { builtInto } from "./built-in.ts";

interface Bom {
  readonly metadata: { readonly component: { readonly "bom-ref": string } };
  readonly components: readonly { readonly "bom-ref": string; readonly properties?: readonly object[] }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const root = fileURLToPath(new URL("../", import.meta.url));
const { packageManager } = JSON.parse(await readFile(`${root}package.json`, "utf8")) as {
  readonly packageManager: string;
};
const [folder = "sbom"] = process.argv.slice(2);

// What each package has, its tools included: all packages in one call, under the names that the root script gives them.
const withTools = await mkdtemp(join(tmpdir(), "sbom-with-tools-"));
pnpm(
  "-r",
  "--filter",
  "./packages/*",
  "sbom",
  "--sbom-format",
  "cyclonedx",
  "--split",
  "--out",
  `${withTools}/%s-%v.cdx.json`,
);

for (const file of await readdir(folder)) {
  const path = join(folder, file);
  const bom = JSON.parse(await readFile(path, "utf8")) as Bom;
  // pkg:npm/%40bitbucket-auth/core@1.0.0
  const [, name = ""] = /\/([\w-]+)@/.exec(bom.metadata.component["bom-ref"]) ?? [];
  const builtIn = await builtInto(join(root, "packages", name));
  if (builtIn.length === 0) continue;
  const everything = JSON.parse(await readFile(join(withTools, file), "utf8")) as Bom;
  const refs = builtIn.map((each) => `pkg:npm/${each.name.replace("@", "%40")}@${each.version}`);
  const components = refs.map((ref) => {
    const found = everything.components.find((component) => component["bom-ref"] === ref);
    if (found === undefined) throw new Error(`pnpm does not know ${ref}, which is built into ${name}`);
    return { ...found, scope: "required", properties: [{ name: "cdx:npm:package:bundled", value: "true" }] };
  });
  const dependencies = bom.dependencies.map((each) =>
    each.ref === bom.metadata.component["bom-ref"]
      ? { ...each, dependsOn: [...each.dependsOn, ...refs] }
      : each,
  );
  const complete = {
    ...bom,
    components: [...bom.components, ...components],
    dependencies: [...dependencies, ...refs.map((ref) => ({ ref, dependsOn: [] }))],
  };
  await writeFile(path, `${JSON.stringify(complete, undefined, 2)}\n`);
}
await rm(withTools, { recursive: true });

function pnpm(...args: readonly string[]): void {
  const before = ["--yes", "--prefer-offline", "--allow-scripts=pnpm", packageManager];
  execFileSync("npx", [...before, ...args], { cwd: root, maxBuffer: 2 ** 26 });
}
