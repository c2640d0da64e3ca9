import { assertMethods } from "../assert-options.js";
import { createFetch } from "ofetch";
import { type Clock, systemClock } from "../clock.js";
import { InvalidOptionsError } from "../errors.js";
import { createRedactor, type Redact } from "../redact.js";
import { startTimer } from "../timer.js";
import { readCappedBody } from "./capped-body.js";
import { connectFailureCode } from "./connect-failure.js";
import { secretsInAuthorization } from "./consumer-credentials.js";
import { assertSafeUrl } from "./loopback-or-https.js";
import { readHttpDate, readRetryAfter } from "./retry-after.js";

const maxBodyBytes = 64 * 1024;

/** Form fields that are no secret. Whatever is not listed is treated as one. */
const publicFields: ReadonlySet<string> = new Set([
  "grant_type",
  "redirect_uri",
  "scope",
  "client_id",
  "username",
  "bitbucket_repository",
]);

export interface TokenRequestOptions {
  readonly tokenUrl: string;
  /** The whole header value: `Basic …` or `JWT …`. */
  readonly authorization?: string | undefined;
  /** The one door to the network. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** From the start of the request to the last byte of its answer. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An HTTP answer, whatever its status, read to the end or to the cap. Nothing in it has been believed yet. */
export interface WireResponse {
  readonly kind: "answered";
  /** 0 when the platform followed or hides a redirect. */
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
  readonly bodyTooLarge: boolean;
  readonly retryAfterMs?: number;
  /** The server's clock (`Date` header), epoch milliseconds. */
  readonly serverTime?: number;
  readonly startedAt: number;
  /** Where a redirect points is nobody's business. */
  readonly location?: never;
  /** Takes what this request sent, and whatever looks like a token, out of the server's words. */
  readonly redact?: Redact;
}

/** What became of one token request, as far as the wire can tell. `startedAt` is in epoch milliseconds. */
export type WireAnswer =
  | WireResponse
  /** No connection was made: what was to be sent is untouched. */
  | { readonly kind: "unsent"; readonly reason: string; readonly startedAt: number }
  /** Sent, or perhaps sent, and no whole answer came back. */
  | { readonly kind: "lost"; readonly reason: "timeout" | "aborted" | "network"; readonly startedAt: number };

/**
 * Posts one form to the token endpoint, once. This is the only place that does.
 *
 * It is never repeated and never redirected, and it ends within `timeoutMs` even when `fetch` or the body hangs and ignores
 * its signal. Every outcome is an answer to read; the only rejection is `InvalidOptionsError`, for a URL that credentials
 * must not be sent to or a timeout that is none, and then nothing was sent.
 */
export async function sendTokenRequest(
  form: Readonly<Record<string, string>>,
  options: TokenRequestOptions,
): Promise<WireAnswer> {
  const { tokenUrl, timeoutMs = 10_000, clock = systemClock, signal } = options;
  assertSafeUrl(tokenUrl, "tokenUrl");
  if (!(timeoutMs > 0)) throw new InvalidOptionsError("timeoutMs must be a number of milliseconds above 0.");
  assertMethods(clock, "clock", ["now"]);
  const startedAt = clock.now();
  if (signal?.aborted === true) return { kind: "unsent", reason: "aborted", startedAt };

  const request = new AbortController();
  let stopTimer: (() => void) | undefined;
  const givenUp = new Promise<WireAnswer>((resolve) => {
    const giveUp = (reason: "timeout" | "aborted"): void => resolve({ kind: "lost", reason, startedAt });
    stopTimer = startTimer(timeoutMs, () => giveUp("timeout"));
    signal?.addEventListener("abort", () => giveUp("aborted"), { signal: request.signal });
  });
  try {
    return await Promise.race([post(form, options, request.signal, startedAt), givenUp]);
  } finally {
    stopTimer?.();
    // Stops whatever is still going on, and takes the listener off the caller's signal.
    request.abort();
  }
}

async function post(
  form: Readonly<Record<string, string>>,
  { tokenUrl, authorization, fetch = globalThis.fetch }: TokenRequestOptions,
  signal: AbortSignal,
  startedAt: number,
): Promise<WireAnswer> {
  let response: Response;
  try {
    response = await createFetch({ fetch }).raw(tokenUrl, {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        ...(authorization !== undefined && { authorization }),
      },
      body: new URLSearchParams(form).toString(),
      redirect: "manual",
      retry: false,
      ignoreResponseError: true,
      responseType: "stream",
      signal,
    });
  } catch (error) {
    // ofetch's error holds the request, both secrets included: only the platform's code leaves this block.
    const code = connectFailureCode(error);
    return code === undefined
      ? { kind: "lost", reason: "network", startedAt }
      : { kind: "unsent", reason: code, startedAt };
  }
  try {
    const serverTime = readHttpDate(response.headers.get("date"));
    const retryAfterMs = readRetryAfter(response.headers, serverTime ?? startedAt);
    return {
      kind: "answered",
      // A `fetch` that follows redirects all the same has brought somebody else's answer.
      status: response.redirected ? 0 : response.status,
      contentType: response.headers.get("content-type"),
      ...(await readCappedBody(response.body, maxBodyBytes, signal)),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(serverTime !== undefined && { serverTime }),
      startedAt,
      redact: (text) => createRedactor(secretsIn(form, authorization))(text),
    };
  } catch {
    return { kind: "lost", reason: "network", startedAt };
  }
}

function secretsIn(
  form: Readonly<Record<string, string>>,
  authorization: string | undefined,
): readonly string[] {
  const fields = Object.entries(form).filter(([name]) => !publicFields.has(name));
  return [
    ...fields.map(([, value]) => value),
    ...(authorization ? secretsInAuthorization(authorization) : []),
  ];
}
