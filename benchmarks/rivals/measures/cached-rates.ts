import process from "node:process";
import { createClient, type ClientName } from "../clients.ts";
import type { Connection } from "../client.ts";

/** Millions of calls per second of processor time, by client; `""` is a bare `await` of a resolved value. */
export type CachedRates = Readonly<Record<string, number>>;

const names = [
  "bitbucket-auth",
  "smithy",
  "badgateway",
  "google",
  "octokit",
  "slack",
  "simple-oauth2",
] as const satisfies readonly ClientName[];
const rounds = 9;
const callsPerTurn = 100_000;

// A process of its own: every client in it has a token with two hours left and gives it out again and again, in turns.
const connection: Connection = {
  origin: "http://127.0.0.1:9",
  tokenUrl: "http://127.0.0.1:9/token",
  clientId: "consumer",
  clientSecret: "secret",
  accessToken: "cached-token",
  refreshToken: "refresh",
  expiresAt: Date.now() + 3 * 3_600_000,
  place: {},
};
const place = { load: async () => connection, save: async () => undefined };
const contestants: [name: string, ask: () => Promise<string>][] = [["", async () => connection.accessToken]];
for (const name of names) {
  const { keep } = await createClient(name);
  if (!keep) throw new Error(`${name} keeps no tokens.`);
  const ask = await keep(connection, place);
  if ((await ask()) !== connection.accessToken) throw new Error(`${name} did not give the token.`);
  contestants.push([name, ask]);
}

const best: Record<string, number> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, ask] of contestants) {
    const startedAt = process.cpuUsage();
    for (let call = 0; call < callsPerTurn; call++) await ask();
    const { user, system } = process.cpuUsage(startedAt);
    const millionsPerSecond = callsPerTurn / (user + system);
    best[name] = Math.max(best[name] ?? 0, millionsPerSecond);
  }
}
process.send?.(best satisfies CachedRates);
process.exit();
