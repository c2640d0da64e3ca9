import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { plainEnvironment } from "../consumers/plain-environment.ts";

/** A program of `examples/` that listens. */
export interface RunningExample {
  readonly url: string;
  stop(): void;
}

/** Starts one on a free port and waits until it says where it listens. */
export async function startExample(
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningExample> {
  const program = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
  const example = spawn(process.execPath, [program], {
    env: { ...plainEnvironment(), BASE_URL: undefined, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    for (const stream of [example.stdout, example.stderr])
      stream.on("data", (chunk) => {
        said += String(chunk);
        const [, found] = /Listening at (\S+)/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    example.once("exit", () => reject(new Error(`${path} ended: ${said}`)));
  });
  return { url, stop: () => void example.kill() };
}
