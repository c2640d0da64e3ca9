import { realDelay } from "../fake/clock.js";
import { createNumberedSecrets, observeAnswer, type NumberedSecrets } from "./observed-answer.js";
import {
  backstage,
  type ExpectedAnswer,
  type Scenario,
  type ScenarioStage,
  type Sending,
  type Step,
} from "./scenario.js";
import { requestOf } from "./sent-request.js";

/** What one step was to give, and what it gave. Safe to print. */
export interface StepOutcome {
  /** Counts from 1. */
  readonly step: number;
  readonly expected: unknown;
  readonly observed: unknown;
}

/**
 * Plays a scenario and answers what was expected and observed, for each step that expects something. It judges nothing:
 * compare the two with the equality of your runner. Rejects only when the scenario itself cannot go on.
 */
export async function runScenario(scenario: Scenario, stage: ScenarioStage): Promise<readonly StepOutcome[]> {
  const secrets = createNumberedSecrets();
  numberTokens(stage.tokens, secrets);
  const outcomes: StepOutcome[] = [];
  for (const [index, step] of scenario.steps.entries()) {
    const number = index + 1;
    if ("send" in step) {
      const observed = await observe(step.send, stage, secrets);
      outcomes.push({ step: number, expected: step.answer, observed });
    } else if ("grant" in step) {
      outcomes.push({ step: number, expected: step.grant, observed: lookAtGrant(step.grant, stage) });
    } else if ("abandon" in step) {
      await abandon(step, stage, secrets);
    } else {
      await happen(step, stage, secrets);
    }
  }
  return outcomes;
}

/** A request that gets no answer, or one that breaks off, has failed: transports differ in how they say so. */
async function observe(
  sending: Sending,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
): Promise<ExpectedAnswer> {
  const request = requestOf(sending, stage, secrets, new AbortController().signal);
  try {
    const isSite = "site" in sending;
    const origin = isSite ? new URL(stage.urls.token).origin : stage.urls.api;
    const answer = await stage.fetch(request);
    return await observeAnswer(answer, secrets, {
      origin,
      as: isSite ? "{site}" : "{api}",
      tell: "tell" in sending ? sending.tell : undefined,
    });
  } catch {
    return "failed";
  }
}

function lookAtGrant(asked: object, stage: ScenarioStage): Readonly<Record<string, unknown>> {
  const { generation, live, reuseCount } = backstage(stage).grant;
  const seen: Readonly<Record<string, unknown>> = { generation, live, reuseCount };
  return Object.fromEntries(Object.keys(asked).map((name) => [name, seen[name]]));
}

async function abandon(
  { abandon: sending, after }: Extract<Step, { abandon: unknown }>,
  stage: ScenarioStage,
  secrets: NumberedSecrets,
): Promise<void> {
  const { mock } = backstage(stage);
  const leave = new AbortController();
  let committed = false;
  const stop = mock.on("token.issued", () => {
    committed = true;
  });
  const before = mock.requests.all.length;
  const answer = stage.fetch(requestOf(sending, stage, secrets, leave.signal)).catch(() => undefined);
  const isThere = (): boolean => (after === "commit" ? committed : mock.requests.all.length > before);
  while (!isThere()) await realDelay(1, leave.signal);
  stop();
  leave.abort();
  await answer;
}

type Happening = Exclude<Step, { send: unknown } | { grant: unknown } | { abandon: unknown }>;

async function happen(step: Happening, stage: ScenarioStage, secrets: NumberedSecrets): Promise<void> {
  const { mock, grant } = backstage(stage);
  if ("advance" in step) await mock.clock.advance(step.advance);
  else if ("fault" in step) mock.faults.when(step.on, step.fault, { times: 1 });
  else if ("credential" in step) secrets.numberOf("credential", mock.issueCredential(step.credential).token);
  else if ("revokeCredential" in step)
    mock.revokeCredential(secrets.valueOf("credential", step.revokeCredential));
  else if (step.meanwhile === "revoke") grant.revoke();
  else if (step.meanwhile === "rotate-elsewhere") grant.rotateElsewhere();
  else numberTokens(mock.issueGrant().tokens, secrets);
}

function numberTokens(
  { accessToken, refreshToken }: ScenarioStage["tokens"],
  secrets: NumberedSecrets,
): void {
  secrets.numberOf("access token", accessToken);
  if (refreshToken !== undefined) secrets.numberOf("refresh token", refreshToken);
}
