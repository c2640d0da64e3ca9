import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createBitbucketMock, type BitbucketMock, type ProfileName } from "../src/index.ts";
import {
  askableScenarios,
  findDifferences,
  scenarios,
  stageOn,
  type ScenarioStage,
} from "../src/scenarios.ts";

const askable = askableScenarios(scenarios);

/** Carries the newest tokens of good answers from one story to the next. */
function relay(
  start: Omit<ScenarioStage, "fetch" | "backstage">,
  send: (request: Request) => Promise<Response>,
  keep: (tokens: ScenarioStage["tokens"]) => Promise<void> = async () => undefined,
): () => ScenarioStage {
  let { tokens } = start;
  const fetch = async (request: Request): Promise<Response> => {
    const answer = await send(request);
    const body = (await answer
      .clone()
      .json()
      .catch(() => ({}))) as { access_token?: unknown; refresh_token?: unknown };
    if (typeof body.access_token === "string" && typeof body.refresh_token === "string") {
      tokens = { accessToken: body.access_token, refreshToken: body.refresh_token };
      await keep(tokens);
    }
    return answer;
  };
  return () => ({ ...start, tokens, fetch });
}

function stageOf(profile: ProfileName): { mock: BitbucketMock; stage: () => ScenarioStage } {
  const mock = createBitbucketMock({ profile });
  const { clientOptions, tokens } = mock.issueGrant();
  const start = { urls: mock.urls, consumer: clientOptions, tokens };
  return { mock, stage: relay(start, (request) => mock.fetch(request)) };
}

describe("findDifferences()", () => {
  it("has questions that anything like Bitbucket can be asked", () => {
    expect(askable.length).toBeGreaterThanOrEqual(10);
  });

  it("finds none between the table and the fake it describes", async () => {
    expect(await findDifferences(askable, stageOf("cloud-2026").stage)).toEqual([]);
  });

  it("finds none in any story, each on a fake of its own", async () => {
    const differences = await findDifferences(scenarios, (scenario) =>
      stageOn(createBitbucketMock(scenario.fake), scenario),
    );
    expect(differences).toEqual([]);
  });

  it("finds where a service takes what Bitbucket refuses", async () => {
    const lax = { apiTokenAsBearer: "accepted", appPasswords: "accepted" } as const;
    const differences = await findDifferences(scenarios, (scenario) =>
      stageOn(createBitbucketMock({ profile: lax, users: [{ username: "alice" }] }), scenario),
    );
    const found = differences.map(({ scenario }) => scenario);
    expect(found).toContain("an API token as Bearer");
    expect(found).toContain("an app password, since they were removed");
  });

  it("finds those of another dialect, and prints no token with them", async () => {
    const { mock, stage } = stageOf("cloud-legacy");
    const differences = await findDifferences(askable, stage);
    expect(differences).toContainEqual({
      scenario: "unauthorized_client for an unknown refresh token",
      step: 1,
      expected: {
        status: 400,
        body: { error: "unauthorized_client", error_description: "Invalid OAuth client credentials" },
      },
      observed: {
        status: 400,
        body: { error: "invalid_request", error_description: "Invalid refresh_token" },
      },
    });
    expect(mock.leaks(JSON.stringify(differences))).toEqual([]);
  });
});

describe("the live service", () => {
  const live = process.env["BITBUCKET_LIVE"] === "1";

  it.each(live ? [] : ["set BITBUCKET_LIVE=1, BITBUCKET_CLIENT_ID, _CLIENT_SECRET and _LIVE_TOKENS"])(
    "was NOT asked: %s",
    (how) => {
      // Aloud: a conformance run that did not happen must not look like one that passed.
      console.info(`The live Bitbucket was NOT asked. To compare it with the fake: ${how}.`);
      expect(live).toBe(false);
    },
  );

  // BITBUCKET_LIVE_TOKENS names a JSON file with accessToken and refreshToken. It is rewritten on every rotation.
  it.each(live ? ["the table"] : [])("answers as %s says", { timeout: 120_000 }, async () => {
    const { BITBUCKET_CLIENT_ID: clientId = "", BITBUCKET_CLIENT_SECRET: clientSecret = "" } = process.env;
    const file = process.env["BITBUCKET_LIVE_TOKENS"] ?? "";
    const tokens = JSON.parse(await readFile(file, "utf8")) as ScenarioStage["tokens"];
    const { urls } = createBitbucketMock();
    const start = { urls, consumer: { clientId, clientSecret }, tokens };
    const keep = (newest: ScenarioStage["tokens"]): Promise<void> =>
      writeFile(file, JSON.stringify(newest), { mode: 0o600 });
    const differences = await findDifferences(
      askable,
      relay(start, (request) => fetch(request), keep),
    );
    for (const difference of differences) console.log(JSON.stringify(difference, null, 2));
    expect(differences).toEqual([]);
  });
});
