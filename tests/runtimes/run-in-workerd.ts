import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { plainEnvironment } from "../consumers/plain-environment.ts";
import type { FlowProject } from "./flow-project.ts";
import { readVerdict, type Verdict } from "./verdict.ts";

/** A worker as of a given day, without Node's modules and globals, which come by default by now, and without a network. */
const config = (file: string): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "${file}", esModule = embed "${file}")],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
      globalOutbound = "nowhere",
    )),
    (name = "nowhere", network = (allow = [])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** Serves the worker on a free port and asks it for the verdict. */
export async function runInWorkerd(executable: string, { worker }: FlowProject): Promise<Verdict> {
  const configFile = join(dirname(worker), "worker.capnp");
  await writeFile(configFile, config(basename(worker)));
  const server = spawn(executable, ["serve", configFile, "--control-fd=3"], {
    env: plainEnvironment(),
    stdio: ["ignore", "inherit", "pipe", "pipe"],
  });
  const ended = once(server, "exit");
  let complaints = "";
  server.stderr?.on("data", (chunk) => (complaints += String(chunk)));
  try {
    const port = await portFrom(server.stdio[3]);
    if (port === undefined) throw new Error(`workerd does not serve: ${complaints}`);
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(60_000) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`The worker failed: ${answer} ${complaints}`);
    return readVerdict(answer);
  } finally {
    server.kill();
    await ended;
  }
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
