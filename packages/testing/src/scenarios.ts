import { apiScenarios } from "./scenarios/api.js";
import { consentScenarios } from "./scenarios/consent.js";
import { lostAnswerScenarios } from "./scenarios/lost-answers.js";
import { refusalScenarios } from "./scenarios/refusals.js";
import { rotationScenarios } from "./scenarios/rotation.js";
import type { Scenario } from "./scenarios/scenario.js";
import { tokenAnswerScenarios } from "./scenarios/token-answers.js";

export { askableScenarios, findDifferences, type Difference } from "./scenarios/conformance.js";
export { runScenario, type StepOutcome } from "./scenarios/run-scenario.js";
export { stageOn, type ScenarioStage } from "./scenarios/scenario-stage.js";
export type { ExpectedAnswer, ObservedAnswer, Scenario, Sending, Step } from "./scenarios/scenario.js";

/** Every story about Bitbucket that has a name here. Play them with `runScenario()`, over any transport. */
export const scenarios: readonly Scenario[] = [
  ...rotationScenarios,
  ...tokenAnswerScenarios,
  ...lostAnswerScenarios,
  ...refusalScenarios,
  ...apiScenarios,
  ...consentScenarios,
];
