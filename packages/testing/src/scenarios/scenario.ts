import type { BitbucketMockOptions } from "../bitbucket-mock.js";
import type { Fault } from "../faults.js";
import type { TimeSpan } from "../mock-clock.js";
import type { Op } from "../operation.js";

/** A story about Bitbucket with a name: what is sent, what happens meanwhile, and what has to be answered. */
export interface Scenario {
  readonly name: string;
  /** How the fake starts. */
  readonly fake?: BitbucketMockOptions;
  /** Scopes of the grant the story starts with, when not the consumer's. */
  readonly scopes?: readonly string[];
  readonly steps: readonly Step[];
}

/**
 * One step. Tokens and codes have numbers: 1 for those the story starts with, then in the order in which they turn up.
 *
 * `send` sends a request and compares the answer; `abandon` sends one, waits until the fake has it (and has carried it
 * out, with `after: "commit"`), and gives up. The others happen behind the client's back.
 */
export type Step =
  | { readonly send: Sending; readonly answer: ExpectedAnswer }
  | { readonly abandon: Sending; readonly after: "arrival" | "commit" }
  | { readonly advance: TimeSpan }
  | { readonly fault: Fault; readonly on: Op }
  | { readonly meanwhile: "rotate-elsewhere" | "revoke" | "second-grant" }
  | {
      readonly grant: { readonly generation?: number; readonly live?: boolean; readonly reuseCount?: number };
    };

/** A request as the story tells it. */
export type Sending =
  | { readonly refresh: number | "unknown"; readonly secret?: "wrong" | "none" }
  | {
      readonly exchange: number | "unknown";
      readonly secret?: "wrong" | "none";
      readonly fields?: Readonly<Record<string, string>>;
    }
  | { readonly form: Readonly<Record<string, string>>; readonly secret?: "wrong" | "none" }
  | { readonly json: Readonly<Record<string, string>> }
  | { readonly get: string; readonly token?: number; readonly by?: "bearer" | "basic" | "query" }
  | { readonly authorize: Readonly<Record<string, string>>; readonly decide?: "grant" | "cancel" };

/** An answer that has to come; `"failed"` for none, or one whose body cannot be read. */
export type ExpectedAnswer = "failed" | ObservedAnswer;

/** An answer as the story sees it: tokens and codes by their numbers, a page by its heading. */
export interface ObservedAnswer {
  readonly status: number;
  readonly body?: unknown;
  /** Those among `location`, `retry-after` and `www-authenticate` that came. */
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
