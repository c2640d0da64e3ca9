import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { plainEnvironment } from "../consumers/plain-environment.ts";

/** Next's own server, in production. */
export interface NextServer {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Builds the app of a folder, and starts it on a free port of this machine. */
export async function startNext(
  folder: URL,
  {
    env,
    port = 0,
    isBuilt = false,
  }: { readonly env: Readonly<Record<string, string>>; readonly port?: number; readonly isBuilt?: boolean },
): Promise<NextServer> {
  const cwd = fileURLToPath(folder);
  // Note: the app's own. Another copy would bring another React, and the build would end in an error of that.
  const next = createRequire(new URL("package.json", folder)).resolve("next/dist/bin/next");
  const environment = { ...plainEnvironment(), BASE_URL: undefined, NEXT_TELEMETRY_DISABLED: "1", ...env };
  const run = (args: readonly string[]) =>
    spawn(process.execPath, [next, ...args], { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  if (!isBuilt) {
    const build = run(["build"]);
    let said = "";
    for (const stream of [build.stdout, build.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
    const [code] = await once(build, "exit");
    if (code !== 0) throw new Error(`next build failed: ${said}`);
  }
  const server = run(["start", "--port", String(port), "--hostname", "127.0.0.1"]);
  const origin = await new Promise<string>((resolve, reject) => {
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (chunk) => {
        said += String(chunk);
        const [, listens] = /http:\/\/(?:127\.0\.0\.1|localhost):(\d+)/.exec(said) ?? [];
        if (listens !== undefined && said.includes("Ready")) resolve(`http://127.0.0.1:${listens}`);
      });
    server.once("exit", () => reject(new Error(`next start ended: ${said}`)));
  });
  return {
    origin,
    async stop() {
      server.removeAllListeners("exit");
      const ended = once(server, "exit");
      server.kill();
      await ended;
    },
  };
}

/** A port that is free now: for a server whose address has to be known before it is started. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
