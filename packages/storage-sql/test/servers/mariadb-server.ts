import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { freePort, reportMissing, runAs, serverFolder, serverUser, startProcess } from "./server-process.ts";

/** A MariaDB of our own on loopback. Nothing of it is left after `stop()`. */
export interface MariadbServer {
  readonly port: number;
  /** What a client of mysql2 connects with, with rights to everything. */
  readonly connection: { host: string; port: number; user: string; database: string };
  /** A crash (SIGKILL), then the same port and data again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether MariaDB is installed here. */
export const hasMariadb: boolean = ["mariadbd", "mariadb-install-db"].every(
  (name) => spawnSync(name, ["--help"]).error === undefined,
);
if (!hasMariadb) reportMissing("MariaDB", "mariadb-server");

/** Starts a server with an empty database `test`. `args` as on the command line of mariadbd. */
export async function startMariadb(args: readonly string[] = []): Promise<MariadbServer> {
  const user = serverUser("mysql");
  const { folder, remove } = await serverFolder(user);
  const data = join(folder, "data");
  // Note: a server that starts removes every temporary table in its `tmpdir`, those of another that is being installed as well.
  const common = ["--no-defaults", `--datadir=${data}`, `--tmpdir=${folder}`];
  const install = [...common, "--auth-root-authentication-method=normal", "--skip-name-resolve"];
  await runAs(user, "mariadb-install-db", install, folder);
  const port = await freePort();
  const settings = [
    ...common,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    `--socket=${join(folder, "mariadb.sock")}`,
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=32M",
    "--max-connections=300",
    "--skip-name-resolve",
  ];
  const start = () =>
    startProcess(user, "mariadbd", [...settings, ...args], { cwd: folder, ready: /ready for connections/ });
  let running = await start();
  return {
    port,
    connection: { host: "127.0.0.1", port, user: "root", database: "test" },
    async restart() {
      await running.end("SIGKILL");
      running = await start();
    },
    async stop() {
      await running.end("SIGKILL");
      await remove();
    },
  };
}
