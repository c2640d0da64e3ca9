import { InvalidOptionsError } from "../errors.js";
import { assertCredential, assertClock, assertObject, type Clock, systemClock } from "../environment.js";
import { createRedactor, type Redact } from "../redact.js";
import { codeOfThrown, fromBase64Url, readUrl, toBase64 } from "../text.js";
import { bound } from "../timing.js";
import { createFetch } from "ofetch";
import { BodyLost, connectFailureCode, readCappedBody, readHttpDate, readRetryAfter } from "./http.js";

const maxBodyBytes = 64 * 1024;

/** Form fields that are no secret. Every other is treated as one. */
const publicFields: readonly string[] = [
  "grant_type",
  "redirect_uri",
  "scope",
  "client_id",
  "username",
  "bitbucket_repository",
];

/** Where one token request goes, as whom, and within which limits. */
export interface TokenRequestOptions {
  readonly tokenUrl: string;
  /** The whole header value: `Basic …` or `JWT …`. */
  readonly authorization?: string | undefined;
  /** Sends the request. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** From the start of the request to the last byte of its answer, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An HTTP answer, whatever its status, read to the end or to the cap. Nothing in it has been checked yet. */
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
  /** Where a redirect points is not kept: it is not followed. */
  readonly location?: never;
  /** Takes what this request sent, and anything that looks like a token, out of the server's words. */
  readonly redact?: Redact;
}

/** What became of one token request, as far as the wire can tell. `startedAt` is in epoch milliseconds. */
export type WireAnswer = { /** Host and port of the endpoint, for messages. */ readonly host?: string } & (
  | WireResponse
  /** No connection was made: what was to be sent is untouched. */
  | { readonly kind: "unsent"; readonly reason: string; readonly startedAt: number }
  /** Sent, or perhaps sent, and no whole answer came back. */
  | { readonly kind: "lost"; readonly reason: "timeout" | "aborted" | "network"; readonly startedAt: number }
  /** An answer arrived, and code threw while it was read: ours, or that of the `fetch` that was passed. */
  | { readonly kind: "unreadable"; readonly reason: string; readonly startedAt: number }
  /** Code threw before anything was sent: the `fetch` that was passed, or ours. */
  | { readonly kind: "broken"; readonly reason: string; readonly startedAt: number }
);

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
  const { host } = assertSafeUrl(tokenUrl, "tokenUrl");
  if (!(timeoutMs > 0)) throw new InvalidOptionsError("timeoutMs must be a number of milliseconds above 0.");
  assertClock(clock);
  const startedAt = clock.now();
  if (signal?.aborted === true) return { kind: "unsent", reason: "aborted", startedAt, host };
  const ended = new AbortController();
  const givenUp = (reason: "timeout" | "aborted"): WireAnswer => ({ kind: "lost", reason, startedAt, host });
  try {
    return await bound(async () => ({ ...(await post(form, options, ended.signal, startedAt)), host }), {
      timeoutMs,
      signals: [signal],
      onTimeout: () => givenUp("timeout"),
      onStopped: () => givenUp("aborted"),
    });
  } finally {
    // Stops whatever is still going on.
    ended.abort();
  }
}

async function post(
  form: Readonly<Record<string, string>>,
  { tokenUrl, authorization, fetch = globalThis.fetch }: TokenRequestOptions,
  signal: AbortSignal,
  startedAt: number,
): Promise<WireAnswer> {
  const progress: { stage: "before" | "sent" | "arrived" } = { stage: "before" };
  // Notes how far the request came, so that an exception of code is not taken for a failure of the network, which may be repeated.
  const watched: typeof globalThis.fetch = (input, init) => {
    const answering = fetch(input, init);
    progress.stage = "sent";
    return Promise.resolve(answering).then((response) => {
      progress.stage = "arrived";
      return response;
    });
  };
  try {
    const response = await createFetch({ fetch: watched }).raw(tokenUrl, {
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
    const serverTime = readHttpDate(response.headers.get("date"));
    const retryAfterMs = readRetryAfter(response.headers, serverTime ?? startedAt);
    return {
      kind: "answered",
      // A `fetch` that follows redirects all the same has brought the answer of another address.
      status: response.redirected ? 0 : response.status,
      contentType: response.headers.get("content-type"),
      ...(await readCappedBody(response, maxBodyBytes, signal)),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(serverTime !== undefined && { serverTime }),
      startedAt,
      redact: (text) => createRedactor(secretsIn(form, authorization))(text),
    };
  } catch (error) {
    // ofetch's error holds the request, both secrets included: only a code or a name leaves this block.
    if (error instanceof BodyLost) return { kind: "lost", reason: "network", startedAt };
    if (progress.stage === "arrived")
      return { kind: "unreadable", reason: codeOfThrown(causeOf(error)), startedAt };
    if (progress.stage === "before")
      return { kind: "broken", reason: codeOfThrown(causeOf(error)), startedAt };
    const code = connectFailureCode(error);
    return code === undefined
      ? { kind: "lost", reason: "network", startedAt }
      : { kind: "unsent", reason: code, startedAt };
  }
}

/** ofetch puts what `fetch` threw into an error of its own. */
function causeOf(error: unknown): unknown {
  const cause: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "cause") : undefined;
  return cause ?? error;
}

function secretsIn(
  form: Readonly<Record<string, string>>,
  authorization: string | undefined,
): readonly string[] {
  const fields = Object.entries(form).filter(([name]) => !publicFields.includes(name));
  return [
    ...fields.map(([, value]) => value),
    ...(authorization ? secretsInAuthorization(authorization) : []),
  ];
}

/** What Bitbucket calls the key and secret of an OAuth consumer. */
export interface ConsumerCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The `Authorization` header that says who the consumer is: `Basic`, as Bitbucket documents it.
 *
 * Id and secret go in as they are, in UTF-8. RFC 6749 section 2.3.1 would form-encode both first; Bitbucket's own examples
 * (`curl -u id:secret`) do not, and servers that follow those would refuse a secret with a `+` or `/` in it. For letters,
 * digits and `-`, `.`, `_`, `~` both readings give the same header. An id with a colon has no spelling that any server
 * reads back, so it is refused with `InvalidOptionsError`, as are an empty id or secret and one with a line end in it.
 * @see https://www.rfc-editor.org/rfc/rfc7617#section-2
 */
export function basicAuthorization({ clientId, clientSecret }: ConsumerCredentials): string {
  assertCredential(clientId, "clientId", ": it is the key of the OAuth consumer");
  assertCredential(clientSecret, "clientSecret", ": it is the secret of the OAuth consumer");
  if (clientId.includes(":")) throw new InvalidOptionsError("clientId must not contain a colon.");
  return `Basic ${toBase64(new TextEncoder().encode(`${clientId}:${clientSecret}`))}`;
}

/** Everything in an `Authorization` header that no message may show: the credentials, and the secret within `Basic`. */
export function secretsInAuthorization(authorization: string): readonly string[] {
  const [scheme = "", credentials = ""] = authorization.split(/\s+(.*)/s);
  if (scheme.toLowerCase() !== "basic") return [authorization, credentials];
  const bytes = fromBase64Url(credentials.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
  const pair = new TextDecoder().decode(bytes);
  return [authorization, credentials, pair, pair.slice(pair.indexOf(":") + 1)];
}

const loopbackHost = /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

/**
 * Parses a URL that secrets may be sent to: `https:`, or `http:` to a loopback host, without a user name or password.
 *
 * Throws `InvalidOptionsError` for any other. The message names the option and does not repeat the URL.
 */
export function assertSafeUrl(url: string, optionName: string): URL {
  const parsed = readUrl(url);
  if (!parsed) throw new InvalidOptionsError(`${optionName} is not an absolute URL.`);
  if (!keepsSecrets(parsed)) {
    throw new InvalidOptionsError(
      `${optionName} must be an https: URL; plain http: is for loopback hosts only.`,
    );
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new InvalidOptionsError(`${optionName} must not contain a user name or a password.`);
  }
  return parsed;
}

/** Whether secrets may be sent to this address: `https:`, or `http:` to a loopback host. Throws `InvalidOptionsError` for no object. */
export function isSafeAddress(url: URL): boolean {
  assertObject(url, "The argument of isSafeAddress()");
  return keepsSecrets(url);
}

/** `isSafeAddress()` of a URL that our own code has parsed. */
export function keepsSecrets({ protocol, hostname }: URL): boolean {
  // Note: the parser has already turned `127.1` and `0x7f.0.0.1` into 127.0.0.1, and folded the case.
  return protocol === "https:" || (protocol === "http:" && loopbackHost.test(hostname));
}
