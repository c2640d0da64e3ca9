import type { PlainTokens } from "@bitbucket-auth/core";
import type { ClientOptions } from "../sign-in.js";
import type { JsonFields } from "../json-fields.js";
import { startChild } from "./child-process.js";
import type { StormPoint } from "./storm-points.js";

/** What a worker can be told to do and is waited for. */
export type WorkerOrder =
  | {
      readonly kind: "start";
      readonly worker: string;
      readonly settings: Readonly<Record<string, string>>;
      readonly clientOptions: ClientOptions;
      readonly offsetMs: number;
    }
  | { readonly kind: "save"; readonly account: string; readonly tokens: PlainTokens }
  | {
      readonly kind: "ask";
      readonly accounts: readonly string[];
      readonly callers: number;
      readonly catchAt?: StormPoint;
    }
  | { readonly kind: "close" };

/** One process with one client in it. */
export interface WorkerProcess {
  /** Resolves with the worker's report, or with `null` when the process ended first. Rejects with what went wrong in it. */
  order(order: WorkerOrder): Promise<JsonFields | null>;
  setClock(offsetMs: number): void;
  /** Resolves when the process stands at the point it was to be caught at. */
  caught(): Promise<void>;
  /** Lets it go on from there. */
  goOn(): void;
  freeze(): void;
  resume(): void;
  kill(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Starts a process; its client is made by the order `start`. */
export function startWorker(): WorkerProcess {
  const child = startChild(new URL("./worker-main.js", import.meta.url));
  let orders = 0;
  return {
    order(order) {
      const id = ++orders;
      return new Promise((resolve, reject) => {
        const stop = child.onMessage((message) => {
          if (message.string("kind") === "caught" || message.number("id") !== id) return;
          stop();
          if (message.string("kind") === "done") resolve(message);
          else reject(new Error(`A worker could not ${order.kind}: ${message.string("message")}`));
        });
        child.ended.then(() => resolve(null), reject);
        child.send({ ...order, id });
      });
    },
    setClock: (offsetMs) => child.send({ kind: "clock", offsetMs }),
    caught: () =>
      new Promise((resolve) => {
        const stop = child.onMessage((message) => {
          if (message.string("kind") !== "caught") return;
          stop();
          resolve();
        });
      }),
    goOn: () => child.send({ kind: "go-on" }),
    freeze: () => child.signal("SIGSTOP"),
    resume: () => child.signal("SIGCONT"),
    kill: () => child.kill(),
    ended: child.ended,
  };
}
