import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The demo while it runs, with its output so far. */
export interface DemoProcess {
  output(): string;
  /** Resolves with what the pattern finds once it is in the output. Rejects when the demo ends without it. */
  shows(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /**
   * Resolves when the demo has ended and no process holds its output any more. The fake shares its standard error, so that no
   * fake is left running then either.
   */
  readonly ended: Promise<{ readonly exitCode: number | null }>;
}

const demo = fileURLToPath(new URL("../../examples/demo/src/demo.ts", import.meta.url));

export interface DemoOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A module that is loaded before the demo. */
  readonly preload?: URL;
}

/** Starts the demo as the root script does, with nothing to read and nothing of this environment that would change it. */
export function startDemo({ args = [], env = {}, preload }: DemoOptions = {}): DemoProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(BITBUCKET_|FORCE_COLOR)/.test(name));
  const preloaded = preload === undefined ? [] : ["--import", preload.href];
  const child = spawn(process.execPath, [...preloaded, demo, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(inherited), ...env },
  });
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = once(child, "close").then(() => ({ exitCode: child.exitCode }));
  return {
    output: () => output,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`The demo never showed ${pattern}:\n${output}`)));
      }),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
