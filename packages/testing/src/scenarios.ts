import { apiScenarios } from "./scenarios/api.js";
import { consentScenarios, tokenAnswerScenarios, refusalScenarios } from "./scenarios/oauth.js";
import { credentialScenarios } from "./scenarios/credentials.js";
import { fieldScenarios } from "./scenarios/field.js";
import { lostAnswerScenarios, rotationScenarios } from "./scenarios/rotation.js";
import { runScenario } from "./scenarios/run-scenario.js";
import type { Scenario, ScenarioStage } from "./scenarios/scenario.js";

export { runScenario, type StepOutcome } from "./scenarios/run-scenario.js";
export { stageOn, type ScenarioStage } from "./scenarios/scenario.js";
export type {
  CredentialUse,
  ExpectedAnswer,
  ObservedAnswer,
  Scenario,
  Sending,
  Step,
} from "./scenarios/scenario.js";

/** Every scenario. Run them with `runScenario()`, over any transport. */
export const scenarios: readonly Scenario[] = [
  ...rotationScenarios,
  ...tokenAnswerScenarios,
  ...lostAnswerScenarios,
  ...refusalScenarios,
  ...apiScenarios,
  ...fieldScenarios,
  ...credentialScenarios,
  ...consentScenarios,
];

/** A step that was answered otherwise than the scenario says. Safe to print. */
export interface Difference {
  readonly scenario: string;
  readonly step: number;
  readonly expected: unknown;
  readonly observed: unknown;
}

/**
 * The scenarios that need requests only, so that Bitbucket itself can be asked. Those that send a dead refresh token come
 * last: they lock the consumer out for a while.
 */
export function askableScenarios(from: readonly Scenario[]): readonly Scenario[] {
  const askable = from.filter(
    ({ fake, scopes, steps }) =>
      fake === undefined &&
      scopes === undefined &&
      steps.every((step) => "send" in step && !("authorize" in step.send)),
  );
  return askable.toSorted((one, other) => Number(locksOut(one)) - Number(locksOut(other)));
}

/** Runs the scenarios one after the other, each on the tokens the last one left, and answers what was otherwise. */
export async function findDifferences(
  chosen: readonly Scenario[],
  stage: (scenario: Scenario) => ScenarioStage,
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const scenario of chosen) {
    const outcomes = await runScenario(scenario, stage(scenario));
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
