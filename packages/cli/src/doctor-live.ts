import { type Keeping, notSignedIn, openKeeping, type Surroundings } from "./accounts.js";
import { readAccountName } from "./environment.js";
import { exitCodes, setupError, usageError } from "./failure.js";
import type { DoctorOptions } from "./doctor.js";
import { loadFromProject } from "./project.js";

const kit = "@bitbucket-auth/testing/scenarios";

/** What the stories are played on: the shape of the testing kit's `ScenarioStage`. */
interface Stage {
  readonly urls: { readonly authorize: string; readonly token: string; readonly api: string };
  readonly consumer: { readonly clientId: string; readonly clientSecret: string };
  readonly tokens: Tokens;
  readonly fetch: (request: Request) => Promise<Response>;
}

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** The part of the testing kit that is used: it is found at run time, and not in the installation of most users. */
interface Scenarios {
  readonly scenarios: readonly object[];
  askableScenarios(from: readonly object[]): readonly object[];
  findDifferences(chosen: readonly object[], stage: () => Stage): Promise<readonly object[]>;
}

/**
 * Asks Bitbucket itself what the testing kit says of it, and reports where it answers otherwise. Resolves with the exit code.
 *
 * The stories use up refresh tokens and, at the end, send dead ones, which locks the consumer out for a minute. So the account has to be
 * named, and is best one that nothing else uses.
 */
export async function examineLive(surroundings: Surroundings, options: DoctorOptions): Promise<number> {
  const { terminal, env } = surroundings;
  const name = readAccountName(options.account, env);
  if (name === undefined) {
    throw usageError(
      "doctor --live uses up refresh tokens and locks the consumer out for a minute. Sign in an account for it alone, then name it: bitbucket-auth login --account conformance; bitbucket-auth doctor --live --account conformance",
    );
  }
  const library = await loadFromProject(kit);
  if (!isKit(library)) {
    throw setupError(
      "doctor --live plays the stories of @bitbucket-auth/testing, which is not installed here: npm install --save-dev @bitbucket-auth/testing",
    );
  }
  const keeping = openKeeping(surroundings);
  try {
    const chosen = library.askableScenarios(library.scenarios);
    terminal.say(
      `Asking ${new URL(keeping.endpoints.tokenUrl).host} in ${chosen.length} stories; this takes about a minute.`,
    );
    const stage = await createStage(keeping, name);
    const differences = await library.findDifferences(chosen, stage);
    const report = { host: new URL(keeping.endpoints.tokenUrl).host, stories: chosen.length, differences };
    if (options.json === true) terminal.answer(JSON.stringify(report));
    else terminal.answer(describeReport(report));
    return differences.length === 0 ? exitCodes.ok : exitCodes.usage;
  } finally {
    await keeping.close();
  }
}

function describeReport(report: {
  readonly host: string;
  readonly stories: number;
  readonly differences: readonly object[];
}): string {
  const { host, stories, differences } = report;
  if (differences.length === 0)
    return `${host} answers as the table says, in ${stories} of ${stories} stories.`;
  const lines = differences.map((difference) => JSON.stringify(difference, null, 2));
  return [
    `${host} answers otherwise than the table says, ${differences.length} times in ${stories} stories:`,
    ...lines,
  ].join("\n");
}

/** A stage that hands each story the tokens that the last one left, and keeps the newest: a stop in the middle loses no grant. */
async function createStage(keeping: Keeping, name: string): Promise<() => Stage> {
  const kept = await keeping.settings.account(name);
  if (kept?.kind !== "oauth") {
    throw notSignedIn(name, `There is no OAuth grant of the account ${name}.`);
  }
  const auth = keeping.authFor(kept.consumer);
  const { accessToken, refreshToken } = await auth.getTokens(name);
  if (refreshToken === undefined) throw setupError(`The grant of ${name} has no refresh token.`);
  const { authorizationUrl, tokenUrl, apiUrl } = keeping.endpoints;
  let tokens: Tokens = { accessToken, refreshToken };
  const fetchAndKeep = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const issued = readTokens(body);
    if (issued) {
      tokens = issued;
      await auth.saveTokens(name, { ...issued, expiresAt: Date.now() + 7_200_000, tokenType: "bearer" });
    }
    return response;
  };
  return () => ({
    urls: { authorize: authorizationUrl, token: tokenUrl, api: apiUrl },
    consumer: kept.consumer,
    tokens,
    fetch: fetchAndKeep,
  });
}

function readTokens(body: unknown): Tokens | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const accessToken: unknown = Reflect.get(body, "access_token");
  const refreshToken: unknown = Reflect.get(body, "refresh_token");
  return typeof accessToken === "string" && typeof refreshToken === "string"
    ? { accessToken, refreshToken }
    : undefined;
}

function isKit(library: unknown): library is Scenarios {
  if (typeof library !== "object" || library === null) return false;
  const functions = ["askableScenarios", "findDifferences"];
  return (
    Array.isArray(Reflect.get(library, "scenarios")) &&
    functions.every((name) => typeof Reflect.get(library, name) === "function")
  );
}
