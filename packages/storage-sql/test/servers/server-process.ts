import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A user that a server may run as. Database servers refuse to run as root. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** The first of these users that exists, where we are root; otherwise ourselves. */
export function serverUser(...names: readonly string[]): ServerUser {
  if (process.getuid?.() !== 0) return {};
  for (const name of [...names, "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) =>
      spawnSync("id", [flag, name], { encoding: "utf8" }).stdout.trim(),
    );
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("There is no user but root to run a database server as.");
}

/** A folder of its own for a server, directly in the system's, because the path of a socket may have 100 characters. */
export async function serverFolder({
  uid,
  gid,
}: ServerUser): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-sql-"));
  await chmod(folder, 0o755);
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a program to its end as that user. */
export async function runAs(
  user: ServerUser,
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<void> {
  await promisify(execFile)(file, [...args], { ...user, cwd });
}

/** A running server. It ends with this process. */
export interface ServerProcess {
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a server as that user and waits until its log says that it is ready. */
export async function startProcess(
  user: ServerUser,
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly ready: RegExp },
): Promise<ServerProcess> {
  const server = spawn(file, [...args], { ...user, cwd: options.cwd, stdio: ["ignore", "pipe", "pipe"] });
  const die = (): void => void server.kill("SIGKILL");
  process.once("exit", die);
  server.once("exit", () => process.off("exit", die));
  let log = "";
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: unknown): void => {
      log = `${log}${String(chunk)}`.slice(-10_000);
      if (options.ready.test(log)) resolve();
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`${file} did not start:\n${log}`)));
  });
  return {
    signal: (signal) => void server.kill(signal),
    async end(signal) {
      if (hasEnded(server)) return;
      server.kill("SIGCONT");
      server.kill(signal);
      await once(server, "exit");
    },
  };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** A port that was free a moment ago, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  const port = randomInt(10_000, 32_000);
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  const listens = await once(probe, "listening").then(
    () => true,
    () => false,
  );
  if (!listens) return freePort();
  await once(probe.close(), "close");
  return port;
}

/** Says loudly that tests are left out because a server is not installed; where `CI=true` that is an error. */
export function reportMissing(what: string, packageName: string): void {
  const message = `${what} is not installed (apt-get install ${packageName}).`;
  if (process.env["CI"] === "true") throw new Error(`${message} CI leaves no test out.`);
  console.warn(`SKIPPED: ${message} Tests that need it are left out.`);
}
