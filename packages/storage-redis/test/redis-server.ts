import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A redis-server of our own on loopback, with a folder of its own. Nothing of it is left after `stop()`. */
export interface RedisServer {
  readonly port: number;
  /** The port other nodes of a cluster speak to. */
  readonly busPort: number;
  /** Stops the process where it is (SIGSTOP): connections stay open and nothing is answered. */
  freeze(): void;
  resume(): void;
  /** Ends the process without warning (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again after `kill()`, on the same port and folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether there is a `redis-server` to start. Without one tests are skipped, loudly; where `CI=true` that is an error. */
export function hasRedisServer(): boolean {
  const found = spawnSync("redis-server", ["--version"]).status === 0;
  if (found) return true;
  if (process.env["CI"] === "true")
    throw new Error("redis-server is not on PATH, and CI runs no test suite without it.");
  console.warn(
    "SKIPPED: redis-server is not on PATH. Install it (apt-get install redis-server) to run these tests.",
  );
  return false;
}

/** What kind of server to start. */
export interface RedisServerOptions {
  /** As on the command line of redis-server. */
  readonly args?: readonly string[];
  /** A node of a cluster, which has no slots yet and knows no other node. */
  readonly cluster?: boolean;
  /** A Sentinel that watches this primary under the name `main`. */
  readonly sentinelOf?: { readonly port: number };
}

/** Starts one server and waits until it takes connections. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-redis-"));
  const [port, busPort] = await freePorts();
  const config = join(folder, "redis.conf");
  await writeFile(config, configuration(options, folder, port, busPort));
  const args = [config, ...(options.sentinelOf ? ["--sentinel"] : (options.args ?? []))];
  let running = await launch(args);
  const kill = async (): Promise<void> => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  };
  return {
    port,
    busPort,
    freeze: () => void running.kill("SIGSTOP"),
    resume: () => void running.kill("SIGCONT"),
    kill,
    async restart() {
      running = await launch(args);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  { cluster, sentinelOf }: RedisServerOptions,
  folder: string,
  port: number,
  busPort: number,
): string {
  const lines = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`];
  if (sentinelOf) {
    lines.push(
      `sentinel monitor main 127.0.0.1 ${sentinelOf.port} 1`,
      // Note: on a busy machine a sound server may be silent for seconds. Tests order the failover they want.
      "sentinel down-after-milliseconds main 600000",
    );
  } else {
    lines.push('save ""', "appendonly no", "repl-diskless-sync-delay 0");
  }
  if (cluster) lines.push("cluster-enabled yes", `cluster-port ${busPort}`, "cluster-node-timeout 5000");
  return `${lines.join("\n")}\n`;
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
      if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve();
    });
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`redis-server did not start:\n${log}`)));
  });
  return server;
}

/**
 * Two ports that were free a moment ago. Redis takes a port of 0 for "none", so it cannot choose by itself. Below those that
 * the system gives to outgoing connections, or one of them could be gone again before Redis listens.
 */
async function freePorts(): Promise<[number, number]> {
  const port = randomInt(5_000, 16_000) * 2;
  const areFree = await Promise.all([port, port + 1].map(isFree));
  return areFree.every(Boolean) ? [port, port + 1] : freePorts();
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, "127.0.0.1");
  const listens = await once(probe, "listening").then(
    () => true,
    () => false,
  );
  if (listens) await once(probe.close(), "close");
  return listens;
}
