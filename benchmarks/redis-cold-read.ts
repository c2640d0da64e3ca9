/**
 * What a cold read costs: `get` through the Redis storage, against a bare GET of as many bytes over the same client.
 *
 * One server that it starts itself, one process, one run, turns taken: whatever else the machine does, it does to both. By the
 * clock, the best round of each counts, because a machine can only be slower than it is. By this process's processor time,
 * which the server and other programs have no part in, the median round counts.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
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
    const bare: Round[] = [];
    const get: Round[] = [];
    const startedAt = performance.now();
    while (bare.length < rounds && performance.now() - startedAt < budgetMs / 2) {
      bare.push(await measure(together, () => client.get("bare")));
      get.push(await measure(together, () => storage.get("alice")));
    }
    const [bareMs, getMs] = [bare, get].map((turns) => Math.min(...turns.map(({ wallMs }) => wallMs)));
    const [bareCpu, getCpu] = [bare, get].map((turns) => median(turns.map(({ processorMs }) => processorMs)));
    console.log(`${together === 1 ? "one after another" : `${together} at a time`} (${bare.length} rounds)`);
    console.log(`                by the clock   processor time`);
    console.log(`  storage.get   ${perSecond(getMs)}   ${perRead(getCpu)}`);
    console.log(`  bare GET      ${perSecond(bareMs)}   ${perRead(bareCpu)}`);
    console.log(`  ratio         ${ratio(bareMs, getMs)}   ${ratio(bareCpu, getCpu)}`);
  }
  await storage.close();
  client.destroy();
}

/** What one round took. */
interface Round {
  readonly wallMs: number;
  readonly processorMs: number;
}

async function measure(together: number, read: () => Promise<unknown>): Promise<Round> {
  const startedAt = performance.now();
  const used = process.cpuUsage();
  for (let done = 0; done < readsPerRound; done += together) {
    if (together === 1) await read();
    else await Promise.all(Array.from({ length: together }, read));
  }
  const { user, system } = process.cpuUsage(used);
  return { wallMs: performance.now() - startedAt, processorMs: (user + system) / 1000 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function perSecond(wallMs = Number.NaN): string {
  return `${Math.round((readsPerRound * 1000) / wallMs).toLocaleString("en")}/s`.padStart(12);
}

function perRead(processorMs = Number.NaN): string {
  return `${((processorMs * 1000) / readsPerRound).toFixed(1)} µs`.padStart(14);
}

function ratio(bare = Number.NaN, get = Number.NaN): string {
  return (bare / get).toFixed(2).padStart(12);
}
