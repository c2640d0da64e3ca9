import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";

/** A redis-server of our own on a unix socket, which keeps every write. Nothing of it is left after `stop()`. */
export interface RedisServer {
  /** The socket. */
  readonly path: string;
  /** SIGSTOP: connections stay open and nothing is answered. */
  freeze(): void;
  resume(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill()`: the same socket and data. */
  restart(): Promise<void>;
  tell(...command: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Listens there as well, for a replica. */
  readonly port?: number;
  /** Follows the server on this port. */
  readonly replicaOf?: number;
}

/** Whether there is a `redis-server` to start. Without one tests are skipped, loudly; where `CI=true` that is an error. */
export const hasRedisServer: boolean = spawnSync("redis-server", ["--version"]).status === 0;
if (!hasRedisServer) {
  const message =
    "redis-server is not on PATH. Install it (apt-get install redis-server) to run these tests.";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
}

/** Starts one and waits until it takes connections. */
export async function startRedisServer({ port, replicaOf }: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-redis-"));
  const path = join(folder, "redis.sock");
  const settings = [
    "--unixsocket",
    path,
    "--dir",
    folder,
    "--port",
    String(port ?? 0),
    "--bind",
    "127.0.0.1",
  ];
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const following = replicaOf === undefined ? [] : ["--replicaof", "127.0.0.1", String(replicaOf)];
  const args = [...settings, ...durable, "--repl-diskless-sync-delay", "0", ...following];
  let running = await launch(args);
  const kill = async (): Promise<void> => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  };
  return {
    path,
    freeze: () => void running.kill("SIGSTOP"),
    resume: () => void running.kill("SIGCONT"),
    kill,
    async restart() {
      running = await launch(args);
    },
    async tell(...command) {
      const client = createClient({ socket: { path, reconnectStrategy: false } });
      client.on("error", () => undefined);
      await client.connect();
      try {
        return await client.sendCommand([...command]);
      } finally {
        client.destroy();
      }
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
  const die = (): void => void server.kill("SIGKILL");
  process.once("exit", die);
  server.once("exit", () => process.off("exit", die));
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.stdout.on("data", (chunk) => {
      log += String(chunk);
      if (/Ready to accept connections|The server is now ready/.test(log)) resolve();
    });
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`redis-server did not start:\n${log}`)));
  });
  return server;
}
