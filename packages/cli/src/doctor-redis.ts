import type { Variables } from "./environment.js";
import { exitCodes, type Finding } from "./failure.js";
import { loadFromProject } from "./project.js";

/**
 * Whether the Redis of the project in this directory may drop grants. Looked at where `REDIS_URL` is set and the project has the
 * package `redis`: the command line itself keeps its grants in files.
 */
export async function examineRedis(env: Variables): Promise<readonly Finding[]> {
  const url = env["REDIS_URL"];
  if (!url) return [];
  const library = await loadFromProject("redis");
  if (!hasClient(library)) {
    return [
      unknown(
        "REDIS_URL is set, but this directory has no package redis to ask it with. Run doctor in your project.",
      ),
    ];
  }
  // No reconnecting: a doctor that waits for a server that is down says nothing.
  const client = library.createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5_000 } });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return [judgeEviction(String(await client.sendCommand(["INFO", "memory"])))];
  } catch {
    return [unknown("REDIS_URL is set, and that Redis did not answer. Start it, or unset REDIS_URL.")];
  } finally {
    client.destroy();
  }
}

/** What the answer to `INFO memory` says about grants. */
export function judgeEviction(info: string): Finding {
  const policy = /maxmemory_policy:([\w-]+)/.exec(info)?.[1];
  if (policy === undefined)
    return unknown("Redis does not tell its maxmemory-policy. Make sure that it is noeviction.");
  if (policy === "noeviction")
    return { check: "redis", state: "ok", text: "Redis drops nothing (noeviction).", exitCode: exitCodes.ok };
  return {
    check: "redis",
    state: "problem",
    text: `Redis may drop grants when its memory is full (maxmemory-policy ${policy}), and their users must then sign in again. Set it to noeviction.`,
    exitCode: exitCodes.setup,
  };
}

function unknown(text: string): Finding {
  return { check: "redis", state: "unknown", text, exitCode: exitCodes.later };
}

interface Client {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(command: readonly string[]): Promise<unknown>;
  destroy(): void;
}

function hasClient(library: unknown): library is { createClient(options: object): Client } {
  return (
    typeof library === "object" &&
    library !== null &&
    typeof Reflect.get(library, "createClient") === "function"
  );
}
