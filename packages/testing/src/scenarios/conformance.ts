import { runScenario } from "./run-scenario.js";
import type { ScenarioStage } from "./scenario-stage.js";
import type { Scenario } from "./scenario.js";

/** Where something answered otherwise than the table says. Safe to print. */
export interface Difference {
  readonly scenario: string;
  readonly step: number;
  readonly expected: unknown;
  readonly observed: unknown;
}

/**
 * The stories that need requests only, so that Bitbucket itself can be asked. Those that send a dead refresh token come
 * last: they lock the consumer out for a while.
 */
export function askableScenarios(scenarios: readonly Scenario[]): readonly Scenario[] {
  const askable = scenarios.filter(
    ({ fake, scopes, steps }) =>
      fake === undefined &&
      scopes === undefined &&
      steps.every((step) => "send" in step && !("authorize" in step.send)),
  );
  return askable.toSorted((one, other) => Number(locksOut(one)) - Number(locksOut(other)));
}

/** Plays the stories one after the other, each on the tokens the last one left, and answers what was otherwise. */
export async function findDifferences(
  scenarios: readonly Scenario[],
  stage: () => ScenarioStage,
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const scenario of scenarios) {
    const outcomes = await runScenario(scenario, stage());
    for (const outcome of outcomes)
      if (canonical(outcome.expected) !== canonical(outcome.observed))
        differences.push({ scenario: scenario.name, ...outcome });
  }
  return differences;
}

function locksOut({ steps }: Scenario): boolean {
  return steps.some((step) => "send" in step && "refresh" in step.send && step.send.refresh === "unknown");
}

/** Equal texts for equal values, whatever the order of their members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}
