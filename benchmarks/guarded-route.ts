/**
 * What the guard costs: requests per second of a route behind `requireBitbucket()` against the same route without it, in Express,
 * or in Hono: `node guarded-route.ts hono`.
 *
 * One run, turns taken, the best round of each counts, by the clock and by the processor time of the server, which is less
 * at the mercy of whatever else the machine does. The server has a process of its own; the client writes ready-made requests
 * on open connections and counts answers, so that the server is what is measured.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

const rounds = 16;
const connections = 8;
const requestsPerConnection = 600;
const inFlight = 16;

const framework = process.argv[2] ?? "express";
const servers = new Map([
  ["express", new URL("../packages/express/test/guarded-route-server.ts", import.meta.url)],
  ["hono", new URL("../packages/web/test/guarded-route-server.ts", import.meta.url)],
]);
const program = servers.get(framework);
if (!program) throw new Error(`There is no server of ${framework}: express or hono`);
const server = fork(fileURLToPath(program), { execArgv: [] });
const [hello] = (await once(server, "message")) as [{ port: number; cookie: string }];

/** What one request takes, in microseconds. */
async function measure(path: string): Promise<{ elapsed: number; processor: number }> {
  const usedBefore = await processorTime();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, () => ask(path)));
  const elapsedMs = performance.now() - startedAt;
  const requests = connections * requestsPerConnection;
  return {
    elapsed: (elapsedMs * 1000) / requests,
    processor: ((await processorTime()) - usedBefore) / requests,
  };
}

async function processorTime(): Promise<number> {
  server.send("used?");
  const [used] = (await once(server, "message")) as [number];
  return used;
}

/** Sends every request of one connection; rejects for an answer that is not 200. */
function ask(path: string): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nCookie: ${hello.cookie}\r\n\r\n`;
  const socket = connect(hello.port, "127.0.0.1", () => socket.write(request.repeat(inFlight)));
  let answered = 0;
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.on("data", (data) => {
      const heads = data.toString("latin1").match(/HTTP\/1\.1 \d+/g) ?? [];
      if (heads.some((head) => !head.endsWith(" 200"))) reject(new Error(`${path} answered ${heads.join()}`));
      const before = answered;
      answered += heads.length;
      const left = requestsPerConnection - before - inFlight;
      if (left > 0) socket.write(request.repeat(Math.min(heads.length, left)));
      if (answered < requestsPerConnection) return;
      socket.destroy();
      resolve();
    });
  });
}

const paths = ["/bare", "/guarded"] as const;
const best = {
  "/bare": { elapsed: Infinity, processor: Infinity },
  "/guarded": { elapsed: Infinity, processor: Infinity },
};
for (let round = 0; round < rounds; round += 1) {
  for (const path of paths) {
    const { elapsed, processor } = await measure(path);
    best[path].elapsed = Math.min(best[path].elapsed, elapsed);
    best[path].processor = Math.min(best[path].processor, processor);
  }
}
server.disconnect();

console.log(`A guarded route in ${framework}: best of ${rounds} rounds, Node ${process.version}`);
console.table(
  Object.fromEntries(
    paths.map((path) => [
      path,
      {
        "requests/s": Math.round(1e6 / best[path].elapsed),
        "of bare, by the clock": Number((best["/bare"].elapsed / best[path].elapsed).toFixed(2)),
        "processor µs/request": Math.round(best[path].processor),
        "of bare, by processor time": Number((best["/bare"].processor / best[path].processor).toFixed(2)),
      },
    ]),
  ),
);
