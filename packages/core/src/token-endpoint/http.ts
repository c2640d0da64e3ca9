import { onStop } from "../timing.js";

/** What is read of a response. Any `fetch` may be passed, so a body is judged by its shape. */
export interface BodySource {
  readonly body?: unknown;
  arrayBuffer?(): Promise<ArrayBuffer>;
  text?(): Promise<string>;
}

/** A response body, cut off at a limit. */
export interface CappedBody {
  readonly body: string;
  readonly bodyTooLarge: boolean;
}

/** The connection broke while a body arrived. Anything else that is thrown while one is read is a fault of our own. */
export class BodyLost extends Error {}

/**
 * Reads a body up to `maxBytes` and cancels the rest unread. What is returned is never larger, whatever `Content-Length` or
 * `Content-Encoding` said. When `signal` is aborted the body is cancelled too, and what was read so far must not be used.
 * Rejects with `BodyLost` when the connection breaks.
 *
 * Reads a web stream, anything that can be iterated (the Node streams of node-fetch), text or bytes as they are, or else
 * `arrayBuffer()` or `text()`.
 */
export async function readCappedBody(
  source: BodySource,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<CappedBody> {
  const chunks = bodyChunks(source);
  if (!chunks) return { body: "", bodyTooLarge: false };
  const decoder = new TextDecoder();
  const cancel = (): void => {
    // Not awaited: cancelling may never end, and nothing depends on it.
    Promise.resolve(chunks.cancel()).catch(() => undefined);
  };
  if (signal?.aborted === true) cancel();
  const stopListening = onStop([signal], cancel);
  try {
    let body = "";
    let size = 0;
    for (;;) {
      const chunk = await chunks.next();
      if (chunk === undefined) return { body: body + decoder.decode(), bodyTooLarge: false };
      const bytes = toBytes(chunk);
      size += bytes.byteLength;
      if (size > maxBytes) {
        cancel();
        return { body, bodyTooLarge: true };
      }
      body += decoder.decode(bytes, { stream: true });
    }
  } finally {
    stopListening();
  }
}

/** A body piece by piece; `undefined` is its end. */
export interface Chunks {
  /** Rejects with `BodyLost` when the connection breaks. */
  next(): Promise<unknown>;
  /** Cancels the rest. */
  cancel(): unknown;
}

/** The body of any `fetch`, as `readCappedBody()` reads it; `undefined` when there is none. `toBytes()` reads a chunk. */
export function bodyChunks(source: BodySource): Chunks | undefined {
  const { body } = source;
  if (body === null) return undefined;
  if (hasMethod(body, "getReader")) return fromSteps(body.getReader());
  if (hasMethod(body, Symbol.asyncIterator)) {
    const steps = fromSteps(body[Symbol.asyncIterator]());
    // Note: the iterator of a Node stream ends only after the chunk it waits for.
    return hasMethod(body, "destroy") ? { ...steps, cancel: () => body.destroy() } : steps;
  }
  if (typeof body === "string" || ArrayBuffer.isView(body)) return oneChunk(() => body);
  if (!source.arrayBuffer && !source.text) return undefined;
  return oneChunk(() => (source.arrayBuffer ? source.arrayBuffer() : source.text?.()));
}

function oneChunk(read: () => unknown): Chunks {
  let isRead = false;
  return {
    async next() {
      if (isRead) return undefined;
      isRead = true;
      return fromNetwork(read);
    },
    cancel: () => undefined,
  };
}

/** From a stream's reader or an iterator: both give `{ done, value }`, and differ in how they are cancelled. */
function fromSteps(steps: unknown): Chunks {
  const method = hasMethod(steps, "read") ? "read" : "next";
  return {
    async next() {
      if (!hasMethod(steps, method)) throw new TypeError("a body without a way to read it");
      const step: unknown = await fromNetwork(() => steps[method]());
      if (typeof step !== "object" || step === null) throw new TypeError("a body that gives no chunks");
      return Reflect.get(step, "done") === true ? undefined : (Reflect.get(step, "value") ?? "");
    },
    cancel() {
      if (hasMethod(steps, "cancel")) return steps.cancel();
      return hasMethod(steps, "return") ? steps.return() : undefined;
    },
  };
}

async function fromNetwork(read: () => unknown): Promise<unknown> {
  // What is thrown at once is a fault of the code; what is rejected comes from the connection.
  const reading = read();
  try {
    return await reading;
  } catch {
    throw new BodyLost();
  }
}

/** A chunk of a body as bytes. Judged by shape: every realm (jsdom, a vm, an iframe) has a `Uint8Array` of its own. */
export function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return new TextEncoder().encode(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (Object.prototype.toString.call(chunk) === "[object ArrayBuffer]") return toView(chunk);
  throw new TypeError("a body whose chunks are neither text nor bytes");
}

function toView(buffer: unknown): Uint8Array {
  return Reflect.construct(Uint8Array, [buffer]);
}

/** Whether a value from outside has a method of this name. */
export function hasMethod<Name extends PropertyKey>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: readonly unknown[]) => unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, name) === "function";
}

/** Codes that a certificate is refused with, before a request is sent: a matter of configuration that does not pass. */
const certificateCode =
  /^(?:CERT_[A-Z_]+|CRL_[A-Z_]+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|ERR_TLS_CERT_ALTNAME_(?:INVALID|FORMAT)|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/;

/** Codes that a connection can only fail with before a request is on it: name lookup, refusal, TLS. */
const beforeSending =
  /^(?:ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_[A-Z]+|UND_ERR_CONNECT_TIMEOUT|ERR_PROXY_TUNNEL|ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW|(?:SSLV3|TLSV1|SSL\/TLS)_(?:ALERT_)?(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|UNRECOGNIZED_NAME)))$/;

/** Codes that mean this only when the failing system call is `connect`. */
const whileConnecting = /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ECONNRESET)$/;

/** undici's message for a proxy that refused to open a connection. Its code, `UND_ERR_ABORTED`, has other meanings as well. */
const refusedTunnel = /^Proxy response \((\d{3})\) !== 200 when HTTP Tunneling$/;

/**
 * What to do about a reason of `connectFailureCode()` that is a matter of configuration and does not pass: a sentence about the
 * host, and the advice. `undefined` for every other reason.
 */
export function connectFailureAdvice(reason: string): readonly [problem: string, advice: string] | undefined {
  if (reason === `${proxyAnswered}407`)
    return [
      "is behind a proxy that wants a user name and a password (407)",
      "Put them into the proxy's address, such as HTTPS_PROXY=http://user:password@proxy.example:3128.",
    ];
  if (!certificateCode.test(reason)) return undefined;
  const problem = `has a certificate that this program does not trust (${reason})`;
  if (/^(?:CERT|CRL)_(?:HAS_EXPIRED|NOT_YET_VALID)$/.test(reason))
    return [problem, "It is not valid at this time: check this machine's clock, then have it renewed."];
  if (/ALTNAME|HOSTNAME/.test(reason))
    return [problem, "It was issued for another host: check the address, and what answers in its place."];
  return [
    problem,
    "If the certificate is your own (a proxy, a server of yours), name the file of its authority in NODE_EXTRA_CA_CERTS when the program starts.",
  ];
}

const proxyAnswered = "the proxy answered ";

/**
 * Why a `fetch` failed before it sent anything: the platform's error code, or what the proxy answered. `undefined` when the
 * request may have left.
 *
 * The platforms wrap the reason (`TypeError: fetch failed`), so causes are followed a few steps down. An unknown code counts
 * as sent: taking a spent refresh token for a fresh one is the worse mistake.
 */
export function connectFailureCode(error: unknown): string | undefined {
  let link = error;
  for (let depth = 0; depth < 5 && isError(link); depth += 1) {
    const code = textOf(link, "code");
    if (beforeSending.test(code) || certificateCode.test(code)) return code;
    if (whileConnecting.test(code) && failedInConnect(link)) return code;
    const [, status] = refusedTunnel.exec(textOf(link, "message")) ?? [];
    if (status !== undefined) return proxyAnswered + status;
    link = Reflect.get(link, "cause");
  }
  return undefined;
}

/** An `AggregateError` is what trying several addresses leaves behind: it counts when each of them failed in `connect`. */
function failedInConnect(error: object): boolean {
  if ("syscall" in error) return error.syscall === "connect";
  if (!("errors" in error) || !Array.isArray(error.errors) || error.errors.length === 0) return false;
  return error.errors.every((inner: unknown) => isError(inner) && failedInConnect(inner));
}

/** By shape, as `Error.isError()` will: an error of another realm is no `instanceof Error` here. */
function isError(value: unknown): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    (Object.prototype.toString.call(value) === "[object Error]" ||
      typeof Reflect.get(value, "stack") === "string")
  );
}

function textOf(value: object, name: string): string {
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" ? found : "";
}

const longestMs = 24 * 60 * 60 * 1000;

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date that is compared with `now`. Never negative, at most a
 * day; `undefined` when the header is absent or neither.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  const waitMs = readSeconds(value) ?? (readHttpDate(value) ?? Number.NaN) - now;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestMs);
}

/**
 * Reads a header that holds seconds, as milliseconds; `undefined` when it does not begin with them. Two proxies that both set one
 * make a list of it, and some write a fraction or parameters: `30, 60`, `1.5`, `5;w=3600`. The first number counts.
 */
export function readSeconds(value: string): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)\s*(?:[,;].*)?$/s.exec(value) ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

/** Reads an HTTP date as epoch milliseconds; `undefined` when it is not one. */
export function readHttpDate(value: string | null): number | undefined {
  // Note: `Date.parse` alone takes almost anything for a date, "1" included.
  if (value === null || !/^[A-Z][a-z]+, .* GMT$/.test(value)) return undefined;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : instant;
}
