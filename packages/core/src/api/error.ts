import {
  AccessTokenRejectedError,
  ApiRequestError,
  type ErrorDetails,
  RateLimitedError,
  ScopeMissingError,
} from "../errors.js";
import { assertObject, assertOptions, assertSignal } from "../environment.js";
import { createHider, createRedactor, type Redact } from "../redact.js";
import { hasMethod, readHttpDate, readRetryAfter, readSeconds } from "../token-endpoint/http.js";
import { type ApiErrorBody, readApiErrorBody, readErrorBody, readScopes } from "./error-body.js";
import { grantsScope } from "./scopes.js";

/** What an error answer of the API can mean. */
export type ApiError = AccessTokenRejectedError | ScopeMissingError | RateLimitedError | ApiRequestError;

/** What the reader of an error answer knows besides the answer. */
export interface ApiErrorContext {
  /** Names the call in the message, such as `GET /2.0/user`. */
  readonly call?: string | undefined;
  /** What Bitbucket might echo and no error may show: the token that was sent. */
  readonly secrets?: readonly string[] | undefined;
  /** The current time, epoch milliseconds. @default the machine's */
  readonly now?: number | undefined;
  /** Ends the reading of the body, which then counts as empty. */
  readonly signal?: AbortSignal | undefined;
}

/** What the sender of a call knows of the credential that got a 401. */
export interface ApiRefusal {
  /** `fresh`: just obtained or just renewed. `fixed`: it cannot be renewed. `unknown`: it may have expired. */
  readonly kind: "fresh" | "fixed" | "unknown";
  /** What to do about a fixed credential: one sentence. */
  readonly nextStep?: string | undefined;
  readonly retryAt?: number | undefined;
  readonly account?: string | undefined;
}

/**
 * Turns an error answer of Bitbucket's API into the error to reject with, using up its body.
 *
 * Decides by status; a 403 is about scopes when its body names them. Reads at most 64 kB of the body, which may be JSON, text
 * or a web page. Rejects with `InvalidOptionsError` alone.
 */
export async function readApiError(response: Response, context: ApiErrorContext = {}): Promise<ApiError> {
  assertObject(response, "The answer that readApiError() reads");
  assertOptions(context, "readApiError()", ["call", "secrets", "now", "signal"]);
  assertSignal(context.signal);
  return explainAnswer(response, context);
}

/** As `readApiError()`, for a sender that knows more about a 401. Never rejects. */
export async function explainAnswer(
  response: Response,
  context: ApiErrorContext & { readonly refusal?: ApiRefusal | undefined },
): Promise<ApiError> {
  const body = readApiErrorBody(await readErrorBody(response, context.signal));
  return classifyApiError(response, body, context);
}

/** Decides what an error answer means. Everything Bitbucket said is redacted on its way into the error. */
export function classifyApiError(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: ApiErrorBody,
  {
    call = "an API call",
    secrets = [],
    now = Date.now(),
    refusal,
  }: ApiErrorContext & { readonly refusal?: ApiRefusal | undefined } = {},
): ApiError {
  const redact = createRedactor(secrets);
  const fields = body.fields && redactFields(body.fields, redact);
  const words = redact([body.message, body.detail].filter(Boolean).join(" "));
  const aboutFields = Object.entries(fields ?? {}).map(
    ([name, problems]) => `${name}: ${problems.join(" ")}`,
  );
  const shown = aboutFields.slice(0, mostFieldsShown);
  if (shown.length < aboutFields.length) shown.push(`and ${aboutFields.length - shown.length} more fields`);
  const said = [words, ...shown].filter((part) => part !== "").join("; ");
  const answered = `Bitbucket answered ${call} with ${status}${said && ` (${said})`}`;
  const details = {
    status,
    ...(words !== "" && { description: words }),
    ...(fields && { fields }),
    ...(body.id !== undefined && { id: redact(body.id) }),
    ...(body.data !== undefined && { data: redactDeep(body.data, createHider(secrets)) }),
  };

  if (status === 401) return tokenRejected(answered, details, refusal);
  const required = status === 403 ? (body.required ?? scopesWanted(headers, words)) : undefined;
  if (required !== undefined) {
    const granted = body.granted ?? readScopes(headers.get("x-oauth-scopes") ?? "") ?? [];
    const scopes = { granted: granted.map(redact), required: required.map(redact) };
    return new ScopeMissingError(`${answered}. ${nameMissingScopes(scopes)}`, { ...details, ...scopes });
  }
  if (status === 429) {
    const delayMs = readRetryDelayMs(headers, now);
    if (delayMs === undefined) return new RateLimitedError(`${answered}. Try again later.`, details);
    const next = `Try again in ${Math.ceil(delayMs / 1000)} s.`;
    return new RateLimitedError(`${answered}. ${next}`, { ...details, retryAt: now + delayMs });
  }
  if (isTemporary.test(String(status))) {
    const delayMs = readRetryAfter(headers, readServerTime(headers) ?? now);
    const next =
      delayMs === undefined
        ? "This is temporary: try again."
        : `Try again in ${Math.ceil(delayMs / 1000)} s.`;
    return new ApiRequestError(`${answered}. ${next}`, {
      ...details,
      ...(delayMs !== undefined && { retryAt: now + delayMs }),
      transient: true,
      action: "retry",
    });
  }
  const next = nextStep(status, body, redact);
  return new ApiRequestError(`${answered}. ${next}`, { ...details, transient: false, action: "fix_config" });
}

/** 501 and 505 are answers to the call as it is, 511 and 555 last. */
const isTemporary = /^(?:408|425|5(?!01|05|11|55))/;

/** Fields that a message names, so that it stays readable; all of them are in `fields`. */
const mostFieldsShown = 10;

/** A 401. Only a credential that may have expired is worth a new sign-in. */
function tokenRejected(
  answered: string,
  details: ErrorDetails,
  { kind, nextStep: step, retryAt, account }: ApiRefusal = { kind: "unknown" },
): AccessTokenRejectedError {
  const known = { ...details, retryAt, account };
  if (kind === "unknown") {
    return new AccessTokenRejectedError(
      `${answered}: it does not accept the access token. Sign in again.`,
      known,
    );
  }
  const next =
    kind === "fresh"
      ? "The access token is fresh, so a new one does not help and neither does a new sign-in: this endpoint may not accept OAuth " +
        "tokens, or the account may not use it."
      : (step ??
        "This credential cannot be renewed: check that it is valid and that this endpoint accepts its kind.");
  return new AccessTokenRejectedError(`${answered}. ${next}`, { ...known, action: "fix_config" });
}

const aboutScopes = /privilege scope/i;

/** The scopes an endpoint wants, where a 403 is about scopes and names them in a header alone. */
function scopesWanted(headers: Pick<Headers, "get">, words: string): readonly string[] | undefined {
  const wanted = aboutScopes.test(words)
    ? readScopes(headers.get("x-accepted-oauth-scopes") ?? "")
    : undefined;
  return wanted && wanted.length > 0 ? wanted : undefined;
}

function nextStep(status: number, body: ApiErrorBody, redact: Redact): string {
  const words = [body.message, body.detail].filter(Boolean).join(" ");
  switch (status) {
    case 304:
      return "This is no error: what was fetched earlier is still current.";
    case 402:
      return "The plan of the workspace does not allow this: its admins can change that under Billing.";
    case 403:
      return nextStepAfter403(words);
    case 404:
      return /no API hosted/i.test(words)
        ? "Bitbucket has no such route: check its spelling, and whether it wants a slash at its end."
        : "There is nothing at this address, or the account may not see it: check workspace, repository and access.";
    case 407:
    case 511:
      return "The network between this program and Bitbucket wants a sign-in of its own, to a proxy for example.";
    case 409:
      return "It conflicts with what is at Bitbucket now: read that again, then decide.";
    case 410:
      return nameRemoval(body, redact);
    case 413:
      return "This is too large: send less in one request.";
    case 423:
      return "This is locked: make the call again once the lock is gone.";
    case 451:
      return "Bitbucket does not serve this to any account, for legal reasons.";
    case 555:
      return "Bitbucket gave up on a diff that takes too long. The same request fails again: ask for less of it (one `path` at a time, or /diffstat), or use Git.";
    default:
      return "Check the call against Bitbucket's API documentation.";
  }
}

function nextStepAfter403(words: string): string {
  if (words === "")
    return "The answer does not say why: the account may not do this, or a proxy on the way to Bitbucket refused the call.";
  if (/authentication mechanism/i.test(words))
    return "This endpoint does not accept the kind of credential that was sent, whatever its scopes: use another endpoint, or another kind of credential for it.";
  if (aboutScopes.test(words))
    return "The token lacks a scope that this endpoint wants: add it to the consumer and sign in again, or make a token that has it.";
  if (/\b(?:your IP\b|IP address|whitelist|allowlist)/i.test(words))
    return "Access is limited to certain addresses: let an admin of the workspace add the one that this program calls from.";
  if (/two-step|two-factor|\b2FA\b/i.test(words))
    return "Two-step verification is required: turn it on for the account.";
  return "The token is good, but its account may not do this: give that account access in Bitbucket.";
}

function nameMissingScopes({ granted, required }: Pick<ScopeMissingError, "granted" | "required">): string {
  const absent = required.filter((scope) => !grantsScope(granted, scope));
  const missing = (absent.length > 0 ? absent : required).join(", ");
  return `The token lacks: ${missing}. Add that to the permissions of the OAuth consumer, then sign in again.`;
}

function nameRemoval({ announcementUrl }: ApiErrorBody, redact: Redact): string {
  const announced = announcementUrl === undefined ? "" : `: ${redact(announcementUrl)}`;
  return `Bitbucket has removed this endpoint, so call its replacement${announced}`;
}

function redactFields(
  fields: Readonly<Record<string, readonly string[]>>,
  redact: Redact,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, problems]) => [redact(name), problems.map(redact)]),
  );
}

/** The same JSON value with every text in it made safe. What lies deeper than any answer of Bitbucket's is left out. */
function redactDeep(value: unknown, redact: Redact, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) return null;
  if (Array.isArray(value)) return value.map((item: unknown) => redactDeep(item, redact, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [redact(name), redactDeep(inner, redact, depth + 1)]),
  );
}

/** How deep the data of an error is followed. */
const deepest = 20;

/** Cancels a body that is not needed, so that its connection is free again. One that is being read is left alone. */
export function releaseBody({ body }: Pick<Response, "body">): void {
  // By shape: a `fetch` of the caller's may answer with a Node stream, as node-fetch does.
  const cancel = async (stream: unknown): Promise<void> => {
    if (hasMethod(stream, "cancel")) await stream.cancel();
    else if (hasMethod(stream, "destroy")) stream.destroy();
  };
  cancel(body).catch(() => undefined);
}

/**
 * Reads how long a 429 answer asks to be left alone, in milliseconds; `undefined` when it does not say.
 *
 * `Retry-After` comes first. A date in it is measured against the server's own `Date`, so a wrong local clock does not
 * matter. Bitbucket documents neither header: `x-ratelimit-reset` was seen as the seconds that remain, and is understood as
 * an instant too.
 */
export function readRetryDelayMs(headers: Headers, now: number): number | undefined {
  const serverNow = readServerTime(headers) ?? now;
  const retryAfterMs = readRetryAfter(headers, serverNow);
  if (retryAfterMs !== undefined) return retryAfterMs;
  const reset = headers.get("x-ratelimit-reset")?.trim() ?? "";
  // Atlassian's other products send an instant as a date (RFC 3339).
  const instant = /^\d{4}-\d\d-\d\dT/.test(reset) ? Date.parse(reset) : readEpochMs(reset);
  if (instant !== undefined) return Number.isNaN(instant) ? undefined : Math.max(0, instant - serverNow);
  return readSeconds(reset);
}

/** Seconds or milliseconds since 1970, as milliseconds. A smaller number is none: as seconds to wait these would be thirty years. */
function readEpochMs(text: string): number | undefined {
  if (!/^[1-9]\d{9}(?:\d{3})?$/.test(text)) return undefined;
  return text.length === 13 ? Number(text) : Number(text) * 1000;
}

/**
 * Reads what time the server said it was, in epoch milliseconds. An answer that a cache has kept (it has an `Age`) says
 * nothing about now.
 */
export function readServerTime(headers: Headers): number | undefined {
  return headers.has("age") ? undefined : readHttpDate(headers.get("date"));
}

/** A `readServerTime()` that reads each text once: all answers of one second bring the same. */
export function createServerTimeReader(): (headers: Headers) => number | undefined {
  let last: { readonly date: string | null; readonly time: number | undefined } | undefined;
  return (headers) => {
    if (headers.has("age")) return undefined;
    const date = headers.get("date");
    if (!last || last.date !== date) last = { date, time: readHttpDate(date) };
    return last.time;
  };
}

/** The platforms' codes: `ECONNRESET`, `UND_ERR_SOCKET`, `ConnectionRefused`. Anything else could be more than a code. */
const platformCode = /^(?:[A-Z][A-Z\d_]{2,39}|[A-Z][A-Za-z]{2,29})$/;

/** Why `fetch` failed, as the platform's error code, or `undefined` when there is none. Causes are followed a few steps down. */
export function networkFailureCode(error: unknown): string | undefined {
  let link = error;
  for (let depth = 0; depth < 5 && typeof link === "object" && link !== null; depth += 1) {
    if ("code" in link && typeof link.code === "string" && platformCode.test(link.code)) return link.code;
    link = "cause" in link ? link.cause : undefined;
  }
  return undefined;
}
