import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, reportMissing, runAs, serverFolder, serverUser, startProcess } from "./server-process.ts";

/** A PostgreSQL of our own on loopback. Nothing of it is left after `stop()`. */
export interface PostgresServer {
  readonly port: number;
  /** A URL of its one database, with rights to everything. */
  readonly url: string;
  /** The folder of its unix socket. */
  readonly socketFolder: string;
  /** Ends it, and starts it again on the same port and data. `fast` rolls back what runs, `immediate` is a crash. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  end(mode: "fast" | "immediate"): Promise<void>;
  stop(): Promise<void>;
}

/** Where the programs of the newest installed PostgreSQL are. Debian keeps them off PATH. */
const binaries = postgresBinaries();

function postgresBinaries(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(root, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name))));
}

/** Whether PostgreSQL is installed here. */
export const hasPostgres: boolean = binaries !== undefined;
if (!hasPostgres) reportMissing("PostgreSQL", "postgresql");

/** Starts a server with an empty database. `settings` as after `-c`; by default it waits for the system and not for the
 * disk, so that a crash of the server loses nothing. */
export async function startPostgres(
  settings: readonly string[] = ["fsync=off", "full_page_writes=off"],
): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error("PostgreSQL is not installed.");
  const user = serverUser("postgres");
  const { folder, remove } = await serverFolder(user);
  const data = join(folder, "data");
  const init = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await runAs(user, join(binaries, "initdb"), init, folder);
  const port = await freePort();
  const args = ["-D", data, "-k", folder, "-h", "127.0.0.1", "-p", String(port), "-c", "max_connections=200"];
  const start = () =>
    startProcess(user, join(binaries, "postgres"), [...args, ...settings.flatMap((each) => ["-c", each])], {
      cwd: folder,
      ready: /ready to accept connections/,
    });
  let running = await start();
  const end = (mode: "fast" | "immediate"): Promise<void> =>
    running.end(mode === "fast" ? "SIGINT" : "SIGQUIT");
  return {
    port,
    socketFolder: folder,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    end,
    async restart(mode) {
      await end(mode);
      running = await start();
    },
    async stop() {
      await end("immediate");
      await remove();
    },
  };
}
