import type { CallOutcome } from "./call-clients.js";
import { noAnswers, type StormAnswers } from "./storm-tally.js";

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
    const label = labelOf(outcome);
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

function labelOf(outcome: CallOutcome): string {
  if ("token" in outcome) return "token_refused_by_api";
  return outcome.reason === undefined ? outcome.code : `${outcome.code}/${outcome.reason}`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
