import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { readFields, type JsonFields } from "../remote/json-fields.js";

/** A Node process of ours that speaks in messages. It ends with us, however we end. */
export interface MessagingChild {
  send(message: Readonly<Record<string, unknown>>): void;
  /** Calls the listener with every message until the returned function is called. */
  onMessage(listener: (message: JsonFields) => void): () => void;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** SIGKILL, which works on a stopped process too. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when the process has ended, by whatever cause. */
  readonly ended: Promise<void>;
}

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a module of this package as a process. Its `disconnect` event is where it has to end itself. */
export function startChild(module: URL): MessagingChild {
  const child = fork(module, [], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  if (running.size === 0) process.once("exit", killAll);
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    // `error` alone comes when the process could not be started at all.
    for (const event of ["exit", "error"]) child.once(event, () => resolve());
  }).then(() => {
    running.delete(child);
    if (running.size === 0) process.off("exit", killAll);
  });
  return {
    // A process that has just ended receives nothing; callers that wait for its answer learn it by `ended`.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    onMessage(listener) {
      const read = (message: unknown): void => listener(readFields(message, "the message"));
      child.on("message", read);
      return () => void child.off("message", read);
    },
    signal: (name) => void child.kill(name),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
  };
}

/** The next message of a child. Rejects when it ends without one. */
export async function firstMessage(child: MessagingChild): Promise<JsonFields> {
  return new Promise((resolve, reject) => {
    const stop = child.onMessage((message) => {
      stop();
      resolve(message);
    });
    child.ended.then(() => reject(new Error("A process ended before it was ready")), reject);
  });
}

/** In a child: ends the process with its parent, so that nothing is left of a storm that was killed. */
export async function endWithParent(): Promise<void> {
  await once(process, "disconnect");
  process.exit();
}
