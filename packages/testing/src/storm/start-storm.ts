import type { PlainTokens } from "@bitbucket-auth/core";
import { spanMs, type TimeSpan } from "../fake/clock.js";
import type { Grant, ClientOptions } from "../fake/oauth/sign-in.js";
import { type RemoteBitbucketMock, connectBitbucketMock } from "../remote/remote-mock.js";
import type { StormPoint } from "./storm-client.js";
import { addAnswers, noAnswers, readAnswers, type StormAnswers } from "./storm-tally.js";
import type { ProfileName, ProfileOverrides } from "../fake/profiles.js";
import type { JsonFields } from "../remote/json-fields.js";
import { firstMessage, startChild } from "./child-process.js";

/** How many processes, callers and grants take part in a storm. */
export interface StormOptions {
  /** The module that makes the client of each process: a `CreateStormClient` exported as `createClient`. */
  readonly worker: URL;
  /** Passed on to it. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** How many processes with a client each. @default 8 */
  readonly processes?: number | undefined;
  /** How many ask at once for each grant in each process. @default 20 */
  readonly callers?: number | undefined;
  /** How many grants, each with an account of its own. @default 1 */
  readonly grants?: number | undefined;
  /** The dialect of the fake. @default "strict" */
  readonly profile?: StormProfile | undefined;
  /** How long the fake takes over a token request, in real milliseconds. */
  readonly latencyMs?: number | undefined;
}

/** Which processes ask, and with how many callers each. */
export interface AskOptions {
  /** By number, from 0. Absent: all of them. */
  readonly processes?: readonly number[];
  readonly callers?: number;
}

/** Processes with clients, all signed in to the same grants at one fake, which has a process of its own. */
export interface Storm {
  /** The fake. Move time by `advance()` of the storm, so that the clocks of the workers move too. */
  readonly bitbucket: RemoteBitbucketMock;
  readonly accounts: readonly string[];
  /** The grant an account is signed in with now. */
  grant(account: string): Grant;
  /** Moves the time of the fake and of every worker. Leases go by real time and do not notice. */
  advance(span: number | TimeSpan): Promise<void>;
  ask(options?: AskOptions): Promise<StormAnswers>;
  /** Lets one process ask alone and catches it at a point of its refresh. */
  trap(process: number, point: StormPoint): Promise<StormTrap>;
  /** Gives an account a new grant, as its owner would when the old one is dead. */
  signIn(account: string): Promise<void>;
  /** Closes every client and ends every process. Resolves with what was counted since the last `ask()`. */
  stop(): Promise<StormAnswers>;
}

/** How long a worker may take to close before it is killed. */
const closingMs = 10_000;

/** Starts the fake and the processes and signs every account in. Nothing is left of them after `stop()`, or when this process ends. */
export async function startStorm({
  worker,
  settings = {},
  processes = 8,
  callers = 20,
  grants = 1,
  profile = "strict",
  latencyMs = 0,
}: StormOptions): Promise<Storm> {
  const fake = await startFake(profile);
  const { bitbucket } = fake;
  const consumer = await bitbucket.issueGrant();
  const accounts = Array.from({ length: grants }, (_, index) => `account-${index}`);
  const signedIn = new Map<string, Grant>();
  const workers: WorkerProcess[] = [];
  let offsetMs = 0;

  const launch = async (process: number): Promise<void> => {
    const started = startWorker();
    workers[process] = started;
    const { clientOptions } = consumer;
    await started.order({ kind: "start", worker: worker.href, settings, clientOptions, offsetMs });
  };
  const workerOf = (process: number): WorkerProcess => {
    const found = workers[process];
    if (found === undefined) throw new RangeError(`There is no process ${process}`);
    return found;
  };
  const asked = async (process: number, callersNow: number, catchAt?: StormPoint): Promise<StormAnswers> => {
    const report = await workerOf(process).order({
      kind: "ask",
      accounts,
      callers: callersNow,
      ...(catchAt && { catchAt }),
    });
    return report ? readAnswers(report) : { ...noAnswers, interrupted: callersNow * accounts.length };
  };
  const storm: Storm = {
    bitbucket,
    accounts,
    grant(account) {
      const grant = signedIn.get(account);
      if (grant === undefined) throw new RangeError(`There is no account ${account}`);
      return grant;
    },
    async advance(span) {
      await bitbucket.clock.advance(span);
      offsetMs += spanMs(span);
      for (const each of workers) each.setClock(offsetMs);
    },
    async ask(options = {}) {
      const asking = options.processes ?? workers.map((_, index) => index);
      const answers = await Promise.all(asking.map((process) => asked(process, options.callers ?? callers)));
      return answers.reduce(addAnswers, noAnswers);
    },
    async trap(process, point) {
      const victim = workerOf(process);
      const caughtThere = victim.caught().then(() => true);
      const answers = asked(process, callers, point);
      const caught = await Promise.race([caughtThere, answers.then(() => false)]);
      return {
        caught,
        async kill() {
          await victim.kill();
          await answers;
          await launch(process);
        },
        freeze: () => victim.freeze(),
        release() {
          victim.goOn();
          victim.resume();
        },
        answers,
      };
    },
    async signIn(account) {
      const grant = await bitbucket.issueGrant();
      signedIn.set(account, grant);
      await workerOf(0).order({ kind: "save", account, tokens: grant.tokens });
    },
    async stop() {
      try {
        const reports = await Promise.all(workers.map(closed));
        return reports.reduce(addAnswers, noAnswers);
      } finally {
        await Promise.all([fake.stop(), ...workers.map((each) => each.kill())]);
      }
    },
  };
  try {
    await Promise.all(Array.from({ length: processes }, (_, process) => launch(process)));
    for (const account of accounts) await storm.signIn(account);
    if (latencyMs > 0) await bitbucket.faults.when("token", { delay: latencyMs });
    return storm;
  } catch (error) {
    await Promise.all([fake.stop(), ...workers.map((each) => each.kill())]);
    throw error;
  }
}

async function closed(worker: WorkerProcess): Promise<StormAnswers> {
  const report = await within(closingMs, worker.order({ kind: "close" }));
  return report ? readAnswers(report) : noAnswers;
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A process on its way to a point, or standing at it. */
export interface StormTrap {
  /** `false`: its callers were answered, and none came by that point. */
  readonly caught: boolean;
  /** SIGKILL. A new process takes its place. */
  kill(): Promise<void>;
  /** SIGSTOP: nothing in it runs, not even the heartbeat of a lease. */
  freeze(): void;
  /** SIGCONT if it was frozen; it goes on from the point. */
  release(): void;
  /** What became of its callers: resolves after `release()` or `kill()`. */
  readonly answers: Promise<StormAnswers>;
}

/** How the fake behaves: a ready-made dialect, or one with the knobs that matter when two processes refresh at once. */
export type StormProfile = ProfileName | Pick<ProfileOverrides, "base" | "leewayMs" | "siblings">;

/** A fake Bitbucket in a process of its own, so that nothing of the clients' timing is shared with it. */
export interface FakeProcess {
  readonly bitbucket: RemoteBitbucketMock;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
async function startFake(profile: StormProfile): Promise<FakeProcess> {
  const child = startChild(new URL("./fake-main.js", import.meta.url));
  const { base = "cloud-2026", ...knobs } = typeof profile === "string" ? { base: profile } : profile;
  child.send({ base, ...knobs });
  const ready = await firstMessage(child);
  return { bitbucket: await connectBitbucketMock(ready.string("url")), stop: () => child.kill() };
}

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
function startWorker(): WorkerProcess {
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
