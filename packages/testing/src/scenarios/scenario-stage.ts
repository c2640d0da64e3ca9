import type { PlainTokens } from "@bitbucket-auth/core";
import type { BitbucketMock } from "../bitbucket-mock.js";
import type { GrantControl } from "../grant-control.js";
import type { MockUrls } from "../served-origins.js";
import type { Scenario } from "./scenario.js";

/** Where a story is played: over a fake, or over anything that ought to behave like one. */
export interface ScenarioStage {
  readonly urls: MockUrls;
  readonly consumer: { readonly clientId: string; readonly clientSecret: string };
  /** The tokens the story starts with: number 1. */
  readonly tokens: Pick<PlainTokens, "accessToken" | "refreshToken">;
  /** Sends a request. Redirects are not to be followed. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** The fake, for what happens behind the client's back. Without it a story that needs it rejects. */
  readonly backstage?: { readonly mock: BitbucketMock; readonly grant: GrantControl };
}

/** A stage over a fake that was made with the scenario's options; `fetch` is its own unless another one reaches it. */
export function stageOn(
  mock: BitbucketMock,
  scenario: Scenario,
  fetch: ScenarioStage["fetch"] = (request) => mock.fetch(request),
): ScenarioStage {
  const grant = mock.issueGrant(scenario.scopes && { scope: scenario.scopes });
  return {
    urls: mock.urls,
    consumer: grant.clientOptions,
    tokens: grant.tokens,
    fetch,
    backstage: { mock, grant: mock.grant(grant) },
  };
}
