/**
 * What a cold read costs: `get` through the Redis storage, against a bare GET of as many bytes over the same client.
 *
 * One server that it starts itself, one process, one run, turns taken: whatever else the machine does, it does to both. The
 * best round of each counts, because a machine can only be slower than it is.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedisStorage } from "@bitbucket-auth/storage-redis";
import { createClient } from "redis";

const rounds = 9;
const readsPerRound = 10_000;
/** No round starts after this. A slow machine gets fewer rounds. */
const budgetMs = 15_000;
/** As long as a sealed pair of Bitbucket's tokens, and text like one. */
const record = Buffer.from(randomBytes(4_000).toString("base64url"));

const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-benchmark-"));
const path = join(folder, "redis.sock");
const server = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]);
try {
  await ready();
  await compare();
} finally {
  server.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
}

/** Ends when the server takes connections, or has ended itself. */
async function ready(): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`redis-server did not start.\n${log}`)));
    server.stdout.on("data", (chunk) => {
      log += String(chunk);
      if (/ready to accept connections/i.test(log)) resolve();
    });
  });
}

async function compare(): Promise<void> {
  const client = createClient({ socket: { path, tls: false } });
  await client.connect();
  const storage = createRedisStorage({ client });
  await storage.compareAndSwap("alice", null, record, { version: "v1" });
  await client.set("bare", record);
  if ((await storage.get("alice"))?.bytes.length !== record.length)
    throw new Error("The storage did not give the record.");

  for (const together of [1, 100]) {
    const best = { get: 0, bare: 0 };
    const startedAt = performance.now();
    let round = 0;
    for (; round < rounds && performance.now() - startedAt < budgetMs / 2; round += 1) {
      best.bare = Math.max(best.bare, await measure(together, () => client.get("bare")));
      best.get = Math.max(best.get, await measure(together, () => storage.get("alice")));
    }
    console.log(
      `${together === 1 ? "one after another" : `${together} at a time`} (best of ${round} rounds)`,
    );
    console.log(`  storage.get   ${perSecond(best.get)}`);
    console.log(`  bare GET      ${perSecond(best.bare)}`);
    console.log(`  ratio         ${(best.get / best.bare).toFixed(2)}`);
  }
  await storage.close();
  client.destroy();
}

/** Reads per second. */
async function measure(together: number, read: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < readsPerRound; done += together) {
    if (together === 1) await read();
    else await Promise.all(Array.from({ length: together }, read));
  }
  return (readsPerRound * 1000) / (performance.now() - startedAt);
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString("en").padStart(9)}/s`;
}
