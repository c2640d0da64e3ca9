import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What `programs/use-storage.ts` says when it has used a storage once. */
export interface Report {
  readonly found?: string | null;
  readonly key?: string;
  readonly written?: boolean;
  readonly renewed?: boolean;
  readonly listed?: readonly string[];
  readonly error?: { readonly code: string; readonly action: string; readonly message: string };
  readonly warnings: readonly string[];
}

export interface ProgramSettings {
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  readonly cwd?: string;
  /** Where the program goes after it has created its storage. */
  readonly changeTo?: string;
  /** The user and group to run as, and the groups they belong to; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups?: readonly number[] };
}

const program = fileURLToPath(new URL("programs/use-storage.ts", import.meta.url));
/** The built package, or another build of it: so a test can be seen to fail on the code before. */
export const entry: string =
  process.env["STORAGE_FILE_ENTRY"] ?? createRequire(import.meta.url).resolve("@bitbucket-auth/storage-file");

/** Uses a storage with these options in a process of its own. */
export async function useStorage(
  options: Readonly<Record<string, unknown>>,
  { env = {}, node: nodeOptions = [], cwd, changeTo = "", user }: ProgramSettings = {},
): Promise<Report> {
  const asUser = user
    ? ["setpriv", "--reuid", `${user.uid}`, "--regid", `${user.gid}`, ...groupsOf(user)]
    : [];
  const node = [process.execPath, ...nodeOptions, "--no-warnings=ExperimentalWarning", program];
  const [command, ...args] = [...asUser, ...node, JSON.stringify(options), entry, changeTo];
  const output = await run(command, args, { env: { PATH: process.env["PATH"] ?? "", ...env }, cwd });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "{}");
}

function groupsOf({ groups }: NonNullable<ProgramSettings["user"]>): readonly string[] {
  return groups ? ["--groups", groups.join(",")] : ["--clear-groups"];
}

/** Runs a command and answers what it printed; rejects with what it complained of. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly cwd?: string | undefined;
  } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(" ")}\n${stdout}\n${stderr}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
