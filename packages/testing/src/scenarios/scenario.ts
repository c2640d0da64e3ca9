import type { PlainTokens } from "@bitbucket-auth/core";
import type { TimeSpan } from "../fake/clock.js";
import type { Fault } from "../fake/faults.js";
import type { BitbucketMockOptions, BitbucketMock } from "../fake/mock.js";
import type { GrantControl } from "../fake/oauth/grants.js";
import type { CredentialOptions } from "../fake/credentials.js";
import type { Op, MockUrls, RequestPattern } from "../fake/operation.js";

/** A named sequence of requests to Bitbucket: what is sent, what happens meanwhile, and what has to be answered. */
export interface Scenario {
  readonly name: string;
  /** How the fake starts. */
  readonly fake?: BitbucketMockOptions;
  /** Scopes of the grant the scenario starts with, when not the consumer's. */
  readonly scopes?: readonly string[];
  readonly steps: readonly Step[];
}

/**
 * One step. Tokens and codes have numbers: 1 for those the scenario starts with, then in the order in which they turn up.
 *
 * `send` sends a request and compares the answer; `abandon` sends one, waits until the fake has it (and has carried it
 * out, with `after: "commit"`), and gives up. The others happen without the client's knowledge.
 */
export type Step =
  | { readonly send: Sending; readonly answer: ExpectedAnswer }
  | { readonly abandon: Sending; readonly after: "arrival" | "commit" }
  | { readonly advance: TimeSpan }
  | { readonly fault: Fault; readonly on: Op | RequestPattern }
  /** Makes a static credential: the next number. */
  | { readonly credential: CredentialOptions }
  | { readonly revokeCredential: number }
  | { readonly meanwhile: "rotate-elsewhere" | "revoke" | "second-grant" }
  | {
      readonly grant: { readonly generation?: number; readonly live?: boolean; readonly reuseCount?: number };
    };

/** A request in the terms of a scenario. */
export type Sending =
  | { readonly refresh: number | "unknown"; readonly secret?: "wrong" | "none" }
  | {
      readonly exchange: number | "unknown";
      readonly secret?: "wrong" | "none";
      readonly fields?: Readonly<Record<string, string>>;
    }
  | { readonly form: Readonly<Record<string, string>>; readonly secret?: "wrong" | "none" }
  | { readonly json: Readonly<Record<string, string>> }
  | ({ readonly get: string; readonly token?: number; readonly by?: "bearer" | "basic" | "query" } & Told)
  /** A call of the API with a body: the method and the path. */
  | ({ readonly call: string; readonly token: number; readonly json?: object } & Told)
  /** A call with a static credential, sent as documented or in a wrong way. */
  | ({ readonly get: string; readonly credential: number; readonly as?: CredentialUse } & Told)
  /** A request to bitbucket.org itself: an archive, or what `git` asks for. */
  | {
      readonly site: string;
      readonly token?: number;
      readonly credential?: number;
      readonly username?: "git" | "email" | "user";
    }
  | { readonly authorize: Readonly<Record<string, string>>; readonly decide?: "grant" | "cancel" };

/** What of an answer is compared. */
interface Told {
  /** Of the body only these members; of `values` how many there are. Absent: all of it. */
  readonly tell?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a static credential is sent to the API. */
export type CredentialUse = "documented" | "bearer" | "basic-with-username" | "basic-with-git-username";

/** An answer that has to come; `"failed"` for none, or one whose body cannot be read. */
export type ExpectedAnswer = "failed" | ObservedAnswer;

/** An answer in the terms of a scenario: tokens and codes by their numbers, a page by its heading. */
export interface ObservedAnswer {
  readonly status: number;
  readonly body?: unknown;
  /** Those among `location`, `retry-after`, `www-authenticate` and `x-credential-type` that came. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of a good token answer: the tokens with this number, other members as given. */
export function tokens(number: number, members: Readonly<Record<string, unknown>> = {}): ObservedAnswer {
  return {
    status: 200,
    body: {
      access_token: `access token ${number}`,
      refresh_token: `refresh token ${number}`,
      expires_in: 7200,
      token_type: "bearer",
      scope: "{scopes}",
      state: "refresh_token",
      ...members,
    },
  };
}

/** The body without these members. */
export function without(answer: ObservedAnswer, ...names: readonly string[]): ObservedAnswer {
  const members = Object.entries(answer.body ?? {}).filter(([name]) => !names.includes(name));
  return { ...answer, body: Object.fromEntries(members) };
}

/** An OAuth error, which always comes with 400. */
export function refused(error: string, description: string): ObservedAnswer {
  return { status: 400, body: { error_description: description, error } };
}

/** What a dead refresh token, a wrong secret and a lockout are all answered with. */
export const unauthorizedClient: ObservedAnswer = refused(
  "unauthorized_client",
  "Invalid OAuth client credentials",
);

/** An error of the API. */
export function apiError(
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): ObservedAnswer {
  return { status, body: { type: "error", error: { message, ...more } } };
}

/** Where a scenario is run: over a fake, or over a service that ought to behave like it. */
export interface ScenarioStage {
  readonly urls: MockUrls;
  readonly consumer: { readonly clientId: string; readonly clientSecret: string };
  /** The tokens the scenario starts with: number 1. */
  readonly tokens: Pick<PlainTokens, "accessToken" | "refreshToken">;
  /** Sends a request. Redirects are not to be followed. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** The fake, for what happens without the client's knowledge. Without it a scenario that needs it rejects. */
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

/** The fake and its grant, for steps that happen without the client's knowledge. Throws on a stage without a fake. */
export function backstage(stage: ScenarioStage): NonNullable<ScenarioStage["backstage"]> {
  if (stage.backstage === undefined)
    throw new Error("This scenario needs a fake: a step happens without the client's knowledge");
  return stage.backstage;
}
