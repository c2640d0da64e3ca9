/**
 * What a call for an account costs on top of a bare `fetch` with the token written in by hand.
 *
 * One server in a process of its own, one client, turns taken, as many calls in flight as a busy backend has. The third contestant
 * is what a careful program writes by hand, because a bare `fetch` may wait for ever.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createBitbucketAuth } from "@bitbucket-auth/core";
import { type Contestant, takeTurns } from "./take-turns.ts";

const inFlight = 64;
/**
 * Note: garbage is collected every 300 calls or so. Were a round so short that it had one collection or two, its median would charge
 * somebody a whole one too many.
 */
const callsPerRound = 2000;

const serverProgram = `
  const body = JSON.stringify({ type: "user", username: "alice", display_name: "Alice", padding: "x".repeat(1500) });
  require("node:http").createServer((request, response) => {
    const known = request.headers.authorization === "Bearer benchmark-token";
    response.writeHead(known ? 200 : 401, { "content-type": "application/json" }).end(body);
  }).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

const server = spawn(process.execPath, ["-e", serverProgram], { stdio: ["ignore", "pipe", "inherit"] });
const [port] = await once(server.stdout, "data");
const apiUrl = `http://127.0.0.1:${String(port).trim()}`;
const auth = createBitbucketAuth({ clientId: "consumer", clientSecret: "secret", endpoints: { apiUrl } });
await auth.saveTokens("alice", {
  accessToken: "benchmark-token",
  refreshToken: "refresh",
  expiresAt: Date.now() + 2 * 60 * 60 * 1000,
  tokenType: "bearer",
});

const authenticated = auth.fetchFor("alice");
const headers = { authorization: "Bearer benchmark-token" };
const bareFetch = (): Promise<Response> => fetch(`${apiUrl}/2.0/user`, { headers });
const fetchInTime = async (): Promise<Response> => {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), 60_000);
  try {
    return await fetch(`${apiUrl}/2.0/user`, { headers, signal: limit.signal });
  } finally {
    clearTimeout(timer);
  }
};

/** `inFlight` callers, each of which reads its answer and calls again. */
function callers(name: string, call: () => Promise<Response>): Contestant {
  return {
    name,
    async run(calls) {
      let left = calls;
      const caller = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const response = await call();
          if (response.status !== 200) throw new Error(`The server answered ${response.status}.`);
          await response.json();
        }
      };
      await Promise.all(Array.from({ length: inFlight }, caller));
    },
  };
}

try {
  const { rounds, standings } = await takeTurns(
    [
      callers("bare fetch", bareFetch),
      callers("fetch with a time limit", fetchInTime),
      callers("auth.fetchFor()", () => authenticated("/2.0/user")),
    ],
    { rounds: 30, timesPerRound: callsPerRound, budgetMs: 60_000 },
  );
  console.log(
    `${inFlight} calls in flight: medians of ${rounds} rounds of ${callsPerRound} calls, Node ${process.version}`,
  );
  console.table(
    Object.fromEntries(
      standings.map(({ name, rate, time, processorTime }) => [
        name,
        {
          "calls/s": Math.round(rate),
          "time of a bare fetch": Number(time.toFixed(3)),
          "its processor time": Number(processorTime.toFixed(3)),
        },
      ]),
    ),
  );
} finally {
  await auth.close();
  server.kill();
}
