import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ClientName } from "./clients.ts";
import type { CallsTally } from "./tally.ts";
import type { Answer, Order } from "./worker.ts";

/** A client in a process of its own. */
export interface Worker {
  /** Rejects when the client could not be used at all; what its callers got is in the tally. */
  ask(order: Order): Promise<CallsTally>;
  stop(): Promise<void>;
}

/** Starts a process and loads the client there. What it prints is shown only when it ends by itself. */
export async function startWorker(name: ClientName): Promise<Worker> {
  const child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [name], {
    execArgv: ["--no-warnings"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let printed = "";
  child.stderr?.on("data", (chunk) => (printed = (printed + String(chunk)).slice(-2_000)));
  const ended = once(child, "exit").then(() => {
    throw new Error(`The process of ${name} ended.\n${printed}`);
  });
  ended.catch(() => undefined);
  const nextAnswer = async (): Promise<CallsTally> => {
    const [answer] = (await Promise.race([once(child, "message"), ended])) as [Answer];
    if ("broken" in answer) throw new Error(`${name}: ${answer.broken}`);
    return answer.done;
  };
  await nextAnswer();
  return {
    async ask(order) {
      const answer = nextAnswer();
      child.send(order);
      return answer;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended.catch(() => undefined);
    },
  };
}

/** Lends a worker and ends its process afterwards. */
export async function withWorker<T>(name: ClientName, use: (worker: Worker) => Promise<T>): Promise<T> {
  const worker = await startWorker(name);
  try {
    return await use(worker);
  } finally {
    await worker.stop();
  }
}
