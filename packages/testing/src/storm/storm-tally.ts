import { readFields, type JsonFields } from "../remote/json-fields.js";
import type { StormClient, StormPoint } from "./storm-client.js";

/** What a storm counted. Times are for information; judge by the counts. */
export interface StormResult {
  /** Brings the same choices again. */
  readonly seed: number;
  /** Refreshes that reached the fake. */
  readonly tokenRequests: number;
  /** How often a spent refresh token was presented after its leeway. */
  readonly reuse: number;
  /** Grants that cannot be used any more. Each was signed in again, so that the storm could go on. */
  readonly grantsLost: number;
  /** Of those, the ones of which a caller was told `lost_rotation`. */
  readonly lostReported: number;
  /** Calls that got an access token the fake's API takes. */
  readonly served: number;
  /** Calls that rejected, or that got a token the API refuses. */
  readonly failed: number;
  /** Calls whose process was killed under them. */
  readonly interrupted: number;
  /** The failed calls by the `code` of their error, with its `reason` after a slash when it has one. */
  readonly failures: Readonly<Record<string, number>>;
  /** How many processes were caught at each point. */
  readonly caught: Readonly<Partial<Record<StormPoint, number>>>;
  /** Unhandled rejections in workers. */
  readonly unhandledRejections: number;
  /** What worker modules counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** 99 of 100 calls took no longer. Information only. */
  readonly p99Ms: number;
}

/** What one process, or several, made of being asked. */
export interface StormAnswers {
  readonly served: number;
  readonly failed: number;
  readonly interrupted: number;
  readonly failures: Readonly<Record<string, number>>;
  /** The same for each account: a grant is alive when a caller was served. */
  readonly servedOf: Readonly<Record<string, number>>;
  /** The accounts of which a caller was told that their rotation was lost. */
  readonly reportedLost: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly unhandledRejections: number;
  readonly durationsMs: readonly number[];
}

/** The tally of no calls. */
export const noAnswers: StormAnswers = {
  served: 0,
  failed: 0,
  interrupted: 0,
  failures: {},
  servedOf: {},
  reportedLost: [],
  counts: {},
  unhandledRejections: 0,
  durationsMs: [],
};

/** Both together. */
export function addAnswers(one: StormAnswers, other: StormAnswers): StormAnswers {
  return {
    served: one.served + other.served,
    failed: one.failed + other.failed,
    interrupted: one.interrupted + other.interrupted,
    failures: addCounts(one.failures, other.failures),
    servedOf: addCounts(one.servedOf, other.servedOf),
    reportedLost: [...new Set([...one.reportedLost, ...other.reportedLost])],
    counts: addCounts(one.counts, other.counts),
    unhandledRejections: one.unhandledRejections + other.unhandledRejections,
    durationsMs: [...one.durationsMs, ...other.durationsMs],
  };
}

type Counts = Readonly<Record<string, number>>;

function addCounts(one: Counts, other: Counts): Counts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

/** Reads what a worker sent. Throws when it is something else. */
export function readAnswers(fields: JsonFields): StormAnswers {
  return {
    served: fields.number("served"),
    failed: fields.number("failed"),
    interrupted: 0,
    failures: readCounts(fields, "failures"),
    servedOf: readCounts(fields, "servedOf"),
    reportedLost: fields.strings("reportedLost"),
    counts: readCounts(fields, "counts"),
    unhandledRejections: fields.number("unhandledRejections"),
    durationsMs: fields.list("durationsMs").map(Number),
  };
}

function readCounts(fields: JsonFields, name: string): Counts {
  const counts = readFields(fields.raw(name), name);
  return Object.fromEntries(counts.entries.map(([member]) => [member, counts.number(member)]));
}

/** The time that 99 of 100 took no longer than; 0 of none. */
export function p99(durationsMs: readonly number[]): number {
  const sorted = durationsMs.toSorted((one, other) => one - other);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** What became of one caller. */
export type CallOutcome = { readonly account: string; readonly ms: number } & (
  | { readonly token: string }
  | { readonly code: string; readonly reason?: string }
);

/** Lets that many callers ask for each account, all at once, and waits for the last. */
export async function callClients(
  client: StormClient,
  accounts: readonly string[],
  callers: number,
): Promise<CallOutcome[]> {
  const calls = accounts.flatMap((account) => Array.from({ length: callers }, () => account));
  return Promise.all(calls.map((account) => callOnce(client, account)));
}

async function callOnce(client: StormClient, account: string): Promise<CallOutcome> {
  const startedAt = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - startedAt);
  try {
    const token = await client.getAccessToken(account);
    return { account, token, ms: elapsedMs() };
  } catch (error) {
    return { account, ...labelOf(error), ms: elapsedMs() };
  }
}

/** An error by its code and reason. Its message stays here: another client's may hold anything. */
function labelOf(error: unknown): { readonly code: string; readonly reason?: string } {
  if (typeof error !== "object" || error === null) return { code: typeof error };
  const name = "name" in error && typeof error.name === "string" ? error.name : "object";
  const code = "code" in error && typeof error.code === "string" ? error.code : name;
  return "reason" in error && typeof error.reason === "string" ? { code, reason: error.reason } : { code };
}

/** Counts what became of callers. Being served means to hold a token that works, so `works` is asked about each. */
export async function judgeCalls(
  outcomes: readonly CallOutcome[],
  works: (token: string) => Promise<boolean>,
): Promise<StormAnswers> {
  const tokens = new Set(outcomes.flatMap((outcome) => ("token" in outcome ? [outcome.token] : [])));
  const verdicts = new Map(
    await Promise.all([...tokens].map(async (token) => [token, await works(token)] as const)),
  );
  const failures: Record<string, number> = {};
  const servedOf: Record<string, number> = {};
  const reportedLost = new Set<string>();
  for (const outcome of outcomes) {
    const { account } = outcome;
    if ("token" in outcome && verdicts.get(outcome.token)) {
      servedOf[account] = (servedOf[account] ?? 0) + 1;
      continue;
    }
    const label = labelOfFailure(outcome);
    failures[label] = (failures[label] ?? 0) + 1;
    if ("reason" in outcome && outcome.reason === "lost_rotation") reportedLost.add(account);
  }
  return {
    ...noAnswers,
    served: sum(servedOf),
    failed: sum(failures),
    failures,
    servedOf,
    reportedLost: [...reportedLost],
    durationsMs: outcomes.map(({ ms }) => ms),
  };
}

function labelOfFailure(outcome: CallOutcome): string {
  if ("token" in outcome) return "token_refused_by_api";
  return outcome.reason === undefined ? outcome.code : `${outcome.code}/${outcome.reason}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
