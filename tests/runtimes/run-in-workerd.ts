import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import type { FlowName, FlowProject } from "./flow-project.ts";
import { runSteps } from "./programs/run-steps.ts";
import { requestsFlow, type ServedWorker } from "./requests-flow.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

/** A worker as of a given day, without Node's modules and globals, which come by default by now. */
const worker = (name: string, file: string, network: string): string => `
    (name = "${name}", worker = (
      modules = [(name = "${file}", esModule = embed "${file}")],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
      globalOutbound = "${network}",
    )),`;

const config = (services: string): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services}
    (name = "nowhere", network = (allow = [])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** Asks the worker of core for its verdict, or tries what several requests have of one worker. */
export async function runInWorkerd(
  executable: string,
  { worker: main, requests }: FlowProject,
  flow: FlowName,
): Promise<Verdict> {
  const folder = dirname(main);
  if (flow === "requests") {
    const services =
      worker("main", basename(requests.main), "token-endpoint") +
      worker("token-endpoint", basename(requests.tokenEndpoint), "nowhere");
    return runSteps(requestsFlow(() => serve(executable, folder, services)));
  }
  const { get, stop } = await serve(executable, folder, worker("main", basename(main), "nowhere"));
  try {
    return readVerdict(await get("/"));
  } finally {
    await stop();
  }
}

/** Serves workers, whose files are in this folder, on a free port. */
async function serve(executable: string, folder: string, services: string): Promise<ServedWorker> {
  const configFile = join(folder, "worker.capnp");
  await writeFile(configFile, config(services));
  const server = spawn(executable, ["serve", configFile, "--control-fd=3"], {
    env: plainEnvironment(),
    stdio: ["ignore", "inherit", "pipe", "pipe"],
  });
  const ended = once(server, "exit");
  let complaints = "";
  server.stderr?.on("data", (chunk) => (complaints += String(chunk)));
  const stop = async (): Promise<void> => {
    server.kill();
    await ended;
  };
  const port = await portFrom(server.stdio[3]).catch(() => undefined);
  if (port === undefined) {
    await stop();
    throw new Error(`workerd does not serve: ${complaints}`);
  }
  return {
    async get(path) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`The worker failed: ${answer} ${complaints}`);
      return answer;
    },
    stop,
  };
}

/** The port it says it listens on, in the first line of what it tells its starter. Absent: it ended before it did. */
async function portFrom(control: unknown): Promise<number | undefined> {
  if (!isReadable(control)) throw new Error("workerd was started without a control channel");
  let told = "";
  for await (const chunk of control) {
    told += String(chunk);
    if (!told.includes("\n")) continue;
    const { port } = JSON.parse(told.slice(0, told.indexOf("\n"))) as { port: number };
    return port;
  }
  return undefined;
}

function isReadable(stream: unknown): stream is AsyncIterable<unknown> {
  return typeof stream === "object" && stream !== null && Symbol.asyncIterator in stream;
}
