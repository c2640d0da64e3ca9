import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "vite";
import { plainEnvironment } from "../consumers/plain-environment.ts";

/** A worker that listens. */
export interface RunningWorker {
  readonly origin: string;
  stop(): Promise<void>;
}

/** As of a given day, without Node's modules and globals; it may call this machine and nothing else. */
const config = (file: string, bindings: Readonly<Record<string, string>>): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "${file}", esModule = embed "${file}")],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
      bindings = [${Object.entries(bindings)
        .map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)
        .join(", ")}],
      globalOutbound = "machine",
    )),
    (name = "machine", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** Bundles a worker into one file and serves it. */
export async function startWorker(
  executable: string,
  entry: string,
  bindings: Readonly<Record<string, string>>,
): Promise<RunningWorker> {
  const directory = await mkdtemp(join(tmpdir(), "worker-"));
  const file = join(directory, "worker.js");
  await build({
    configFile: false,
    logLevel: "error",
    build: {
      lib: { entry, formats: ["es"], fileName: () => basename(file) },
      outDir: directory,
      emptyOutDir: false,
      target: "es2023",
      minify: false,
      // Note: or what no worker can import would be replaced by something empty, and no test would fail.
      rolldownOptions: { external: /^node:/, output: { codeSplitting: false } },
    },
  });
  await writeFile(join(directory, "worker.capnp"), config(basename(file), bindings));
  const server = spawn(executable, ["serve", join(directory, "worker.capnp"), "--control-fd=3"], {
    env: plainEnvironment(),
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const ended = once(server, "exit");
  let told = "";
  let complaints = "";
  server.stderr?.on("data", (chunk) => (complaints += String(chunk)));
  const port = await new Promise<number>((resolve, reject) => {
    server.once("exit", () => reject(new Error(`workerd does not serve: ${complaints}`)));
    server.stdio[3]?.on("data", (chunk: unknown) => {
      told += String(chunk);
      const [, found] = /"port":\s*(\d+)/.exec(told) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      server.kill();
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
