import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What a worker is told on its command line. */
export interface WorkerSettings {
  readonly redisSocket: string;
  readonly cookieSecret: string;
  readonly baseUrl: string;
  readonly consumer: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly endpoints: {
      readonly authorizationUrl: string;
      readonly tokenUrl: string;
      readonly apiUrl: string;
    };
  };
}

/** A process of the app. */
export interface AppProcess {
  readonly origin: string;
  /** Lets time pass for this process. */
  advance(ms: number): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts one and waits until it listens. */
export async function startAppProcess(settings: WorkerSettings): Promise<AppProcess> {
  const worker = fork(fileURLToPath(new URL("app-worker.ts", import.meta.url)), [JSON.stringify(settings)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
  });
  const { port } = await nextMessage<{ port: number }>(worker);
  return {
    origin: `http://127.0.0.1:${port}`,
    async advance(advanceMs) {
      const told = nextMessage(worker);
      worker.send({ advanceMs });
      await told;
    },
    async kill() {
      if (worker.exitCode !== null || worker.signalCode !== null) return;
      worker.kill("SIGKILL");
      await once(worker, "exit");
    },
  };
}

async function nextMessage<Message>(worker: ChildProcess): Promise<Message> {
  const ended = once(worker, "exit").then(() => Promise.reject(new Error("The worker ended.")));
  const [message] = (await Promise.race([once(worker, "message"), ended])) as [Message];
  return message;
}
