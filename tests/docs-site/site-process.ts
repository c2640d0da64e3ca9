import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const source = (name: string): string =>
  fileURLToPath(new URL(`../../docs-site/src/${name}.ts`, import.meta.url));

/** Builds the site into `folder`. Rejects, with what typedoc printed, when it found a fault. */
export async function buildSite(folder: string): Promise<void> {
  await run(process.execPath, [source("build-site"), "--out", folder]);
}

/** The site, served to this machine. */
export interface ServedSite {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the site in `folder` by the project's own server, on a free port. */
export async function serveSite(folder: string): Promise<ServedSite> {
  const server = spawn(process.execPath, [source("serve-site"), "--site", folder, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    url: await firstLine(server),
    async close() {
      const exited = once(server, "exit");
      server.kill();
      await exited;
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("The server has no output");
  for await (const text of stdout.setEncoding("utf8")) return String(text).trim();
  throw new Error("The server ended before it had an address");
}
