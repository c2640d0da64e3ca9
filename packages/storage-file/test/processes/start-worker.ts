import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Actions } from "./worker.ts";

/** A process that uses the storage. */
export interface Worker {
  call<N extends keyof Actions>(
    name: N,
    ...args: Parameters<Actions[N]>
  ): Promise<Awaited<ReturnType<Actions[N]>>>;
  /** Calls back on every write the process was told is done. */
  onWrote(listener: (nth: number) => void): void;
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

interface Message {
  readonly ready?: true;
  readonly wrote?: number;
  readonly id?: number;
  readonly answer?: unknown;
  readonly error?: string;
}

const worker = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Starts one that keeps records in `directory` and its key below `config`. It is gone when the test ends. */
export async function startWorker(directory: string, config: string = directory): Promise<Worker> {
  const env = { PATH: process.env["PATH"], XDG_CONFIG_HOME: config };
  const child = fork(worker, [directory], {
    env,
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exit;
  };
  onTestFinished(kill);

  let calls = 0;
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Set<(nth: number) => void>();
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message: Message) => {
      if (message.ready) resolve();
      if (message.id !== undefined) waiting.get(message.id)?.(message);
      if (message.wrote !== undefined) for (const listener of listeners) listener(message.wrote);
    });
  });
  await Promise.race([ready, exit.then(() => Promise.reject(new Error("the worker ended before it began")))]);

  return {
    kill,
    signal: (signal) => void child.kill(signal),
    onWrote: (listener) => void listeners.add(listener),
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, ({ answer, error }) => {
          if (error === undefined) resolve(answer as never);
          else reject(new Error(error));
        });
        child.send({ id: calls, name, args });
      }),
  };
}

/** Starts eight of them at once. */
export function startEight(directory: string, config?: string): Promise<Worker[]> {
  return Promise.all(Array.from({ length: 8 }, () => startWorker(directory, config)));
}
