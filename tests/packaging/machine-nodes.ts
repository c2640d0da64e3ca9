import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Node of this machine that our packages promise to run on. */
export interface MachineNode {
  readonly version: string;
  readonly executable: string;
}

/** The Node these tests run on, and each other version that PATH has. */
export async function machineNodes(): Promise<readonly MachineNode[]> {
  const nodes = new Map([[process.version, process.execPath]]);
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
    const executable = join(folder, "node");
    const version = await access(executable, constants.X_OK)
      .then(() => run(executable, ["--version"]))
      .then(({ stdout }) => stdout.trim())
      .catch(() => "");
    if (isSupported(version) && !nodes.has(version)) nodes.set(version, executable);
  }
  return [...nodes].map(([version, executable]) => ({ version, executable }));
}

/** As `engines` says: 20.19 or newer. */
function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
