import { AccessTokenRejectedError, ApiRequestError, RateLimitedError, ScopeMissingError } from "../errors.js";
import { createRedactor } from "../redact.js";
import { type ApiErrorBody, readApiErrorBody } from "./api-error-body.js";
import { readRetryDelayMs } from "./rate-limit.js";
import { readErrorBody } from "./response-body.js";

/** What an error answer of the API can mean. */
export type ApiError = AccessTokenRejectedError | ScopeMissingError | RateLimitedError | ApiRequestError;

/** What the reader of an error answer knows besides the answer. */
export interface ApiErrorContext {
  /** Names the call in the message, such as `GET /2.0/user`. */
  readonly call?: string;
  /** What Bitbucket might echo and no error may show: the token that was sent. */
  readonly secrets?: readonly string[];
  /** The current time, epoch milliseconds. @default the machine's */
  readonly now?: number;
  /** Ends the reading of the body, which then counts as empty. */
  readonly signal?: AbortSignal;
}

/**
 * Turns an error answer of Bitbucket's API into the error to reject with, using up its body.
 *
 * Decides by status, never by wording; a 403 is about scopes when its body names them. Reads at most 64 kB of the body,
 * which may be JSON, text or a web page. Never rejects.
 */
export async function readApiError(response: Response, context: ApiErrorContext = {}): Promise<ApiError> {
  const body = readApiErrorBody(await readErrorBody(response, context.signal));
  return classifyApiError(response, body, context);
}

/** Decides what an error answer means. Everything Bitbucket said is redacted on its way into the error. */
export function classifyApiError(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: ApiErrorBody,
  { call = "an API call", secrets = [], now = Date.now() }: ApiErrorContext = {},
): ApiError {
  const redact = createRedactor(secrets);
  const words = redact([body.message, body.detail].filter(Boolean).join(" "));
  const answered = `Bitbucket answered ${call} with ${status}${words && ` (${words})`}`;
  const details = { status, ...(words !== "" && { description: words }) };

  if (status === 401) {
    return new AccessTokenRejectedError(
      `${answered}: it does not take the access token. Sign in again.`,
      details,
    );
  }
  if (status === 403 && body.required !== undefined) {
    const scopes = { granted: (body.granted ?? []).map(redact), required: body.required.map(redact) };
    return new ScopeMissingError(`${answered}. ${nameMissingScopes(scopes)}`, { ...details, ...scopes });
  }
  if (status === 429) {
    const delayMs = readRetryDelayMs(headers, now);
    if (delayMs === undefined) return new RateLimitedError(`${answered}. Try again later.`, details);
    const next = `Try again in ${Math.ceil(delayMs / 1000)} s.`;
    return new RateLimitedError(`${answered}. ${next}`, { ...details, retryAt: now + delayMs });
  }
  if (status >= 500 || status === 408 || status === 425) {
    return new ApiRequestError(`${answered}. This passes: try again.`, {
      ...details,
      transient: true,
      action: "retry",
    });
  }
  const next = status === 410 ? nameRemoval(body, redact) : nextSteps.get(status);
  return new ApiRequestError(
    `${answered}. ${next ?? "Check the call against Bitbucket's API documentation."}`,
    {
      ...details,
      transient: false,
      action: "fix_config",
    },
  );
}

const nextSteps: ReadonlyMap<number, string> = new Map([
  [403, "The token is good, but its account may not do this: give that account access in Bitbucket."],
  [
    404,
    "There is nothing at this address, or the account may not see it: check workspace, repository and access.",
  ],
]);

function nameMissingScopes({ granted, required }: Pick<ScopeMissingError, "granted" | "required">): string {
  const absent = required.filter((scope) => !granted.includes(scope));
  const missing = (absent.length > 0 ? absent : required).join(", ");
  return `The token lacks: ${missing}. Add that to the permissions of the OAuth consumer, then sign in again.`;
}

function nameRemoval({ announcementUrl }: ApiErrorBody, redact: (text: string) => string): string {
  const announced = announcementUrl === undefined ? "" : `: ${redact(announcementUrl)}`;
  return `Bitbucket has removed this endpoint, so call its replacement${announced}`;
}
