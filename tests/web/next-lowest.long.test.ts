import { copyFile, cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe } from "vitest";
import { packPackages } from "../consumers/packed-packages.ts";
import { installLowest } from "../packaging/install-lowest.ts";
import { lowestConsumers } from "../packaging/lowest-consumers.ts";
import { describeNext } from "./describe-next.ts";
import { startNext } from "./next-server.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let directory: string | undefined;
afterAll(async () => {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** The app of the suite outside the repository, with the tarballs of ours and everything else at the lowest that `web` takes. */
async function installApp(): Promise<string> {
  directory = await realpath(await mkdtemp(join(tmpdir(), "lowest-next-")));
  const consumer = (await lowestConsumers()).find(({ folder, isLowest }) => folder === "web" && isLowest);
  if (!consumer) throw new Error("`web` states no lowest versions");
  const project = join(directory, "project");
  await installLowest(project, consumer, (await packPackages()).all);
  const app = join(project, "next-suite");
  await cp(here("next-suite/app"), join(app, "app"), { recursive: true });
  await copyFile(here("remote-app.ts"), join(project, "remote-app.ts"));
  const config = { outputFileTracingRoot: project, experimental: { externalDir: true } };
  await writeFile(
    join(app, "next.config.mjs"),
    `export default ${JSON.stringify({ ...config, typescript: { ignoreBuildErrors: true } })};\n`,
  );
  return app;
}

describe("the lowest version that web takes", () => {
  describeNext(async (env) => startNext(pathToFileURL(`${await installApp()}/`), { env }));
});
