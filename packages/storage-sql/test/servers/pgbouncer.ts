import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresServer } from "./postgres-server.ts";
import { freePort, reportMissing, serverFolder, serverUser, startProcess } from "./server-process.ts";

/** A PgBouncer of our own. Nothing of it is left after `stop()`. */
export interface PgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether PgBouncer is installed here. */
export const hasPgBouncer: boolean = spawnSync("pgbouncer", ["--version"]).error === undefined;

/** Starts one in front of a server, in transaction mode. */
export async function startPgBouncer({ port: target }: Pick<PostgresServer, "port">): Promise<PgBouncer> {
  if (!hasPgBouncer) reportMissing("PgBouncer", "pgbouncer");
  const user = serverUser("postgres");
  const { folder, remove } = await serverFolder(user);
  const port = await freePort();
  const config = join(folder, "pgbouncer.ini");
  const lines = [
    "[databases]",
    `postgres = host=127.0.0.1 port=${target} dbname=postgres user=postgres`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "server_login_retry = 1",
    "max_client_conn = 500",
    "default_pool_size = 20",
  ];
  await writeFile(config, `${lines.join("\n")}\n`, { mode: 0o644 });
  const running = await startProcess(user, "pgbouncer", [config], { cwd: folder, ready: /process up/ });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await running.end("SIGKILL");
      await remove();
    },
  };
}
