import { ApiRequestError, readApiError } from "@bitbucket-auth/core";
import {
  bodyChunks,
  startTimer,
  toBytes,
  withinTime,
  type BodySource,
  type Chunks,
} from "@bitbucket-auth/core/internal";
import type { ApiResponse } from "./options.js";
import { replacementOf } from "./removed-endpoints.js";

/** One call, ready to be sent. */
export interface ApiCall {
  readonly method: string;
  /** A path that starts with `/`, or a whole URL of the API. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | FormData | Blob;
}

/** How a call is carried. */
export interface SendOptions {
  /** One of core's authenticated ones. */
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  /** From the headers of the answer to its end, in milliseconds. @default 60_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Sends a call and reads what Bitbucket says: the JSON value, text, the bytes of anything else, or `{}` for nothing.
 *
 * Rejects with core's errors for every status that is no success, and with the signal's own reason when that ends the call.
 */
export async function sendCall(
  { method, target, headers, body }: ApiCall,
  { fetch, signal, timeoutMs = 60_000 }: SendOptions,
): Promise<ApiResponse> {
  const call = `${method} ${pathOf(target)}`;
  const response = await fetch(target, {
    method,
    headers: { accept: "application/json, */*;q=0.5", ...headers },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  const { status } = response;
  if (!response.ok && status !== 304) {
    const refusal = await explainRefusal(response, call, pathOf(target), timeoutMs);
    if (signal?.aborted) throw signal.reason;
    throw refusal;
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBytes(response, { timeoutMs, signal });
  } catch {
    if (signal?.aborted) throw signal.reason;
    throw spoiltAnswer(`The answer to ${call} broke off`);
  }
  if (bytes === undefined) throw spoiltAnswer(`The answer to ${call} did not end within ${timeoutMs} ms`);
  const data = readValue(bytes, response.headers.get("content-type"), call);
  return { data, status, headers: Object.fromEntries(response.headers) };
}

/** A body by its content type. Text that is not what its type says is handed out as bytes: nothing is lost by decoding it. */
function readValue(bytes: Uint8Array, contentType: string | null, call: string): unknown {
  if (bytes.byteLength === 0) return {};
  if (/[/+]json\b/i.test(contentType ?? "")) {
    const text = decode(bytes, contentType);
    try {
      if (text !== undefined || !isFile(call)) return JSON.parse(text ?? new TextDecoder().decode(bytes));
    } catch {
      if (!isFile(call)) throw spoiltAnswer(`The answer to ${call} is not the JSON it says it is`);
    }
    // A file that is named .json and holds comments, several documents or another character set.
    return text ?? bytes;
  }
  const isText =
    contentType === null || /^text\/|[/+]xml\b|javascript|yaml|x-www-form-urlencoded/i.test(contentType);
  return isText ? (decode(bytes, contentType) ?? bytes) : bytes;
}

/** Text in the character set that its type names; `undefined` when it is not in that. */
function decode(bytes: Uint8Array, contentType: string | null): string | undefined {
  const charset = /charset\s*=\s*["']?([\w-]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whether a call is answered with a file that a user stored at Bitbucket, whose content may not fit its name. */
function isFile(call: string): boolean {
  return /\/(?:repositories\/[^/]+\/[^/]+\/(?:src\/[^/]+|downloads|issues\/[^/]+\/attachments)|snippets\/.+\/files)\/./.test(
    call,
  );
}

function spoiltAnswer(what: string): ApiRequestError {
  return new ApiRequestError(`${what}. Try again.`, { transient: true, action: "retry" });
}

/** Statuses that can mean: there is no such route. */
const absent: ReadonlySet<number> = new Set([404, 405, 410, 501]);

async function explainRefusal(
  response: Response,
  call: string,
  pathname: string,
  timeoutMs: number,
): Promise<Error> {
  const error = await readApiError(response, { call, signal: AbortSignal.timeout(timeoutMs) });
  const { status, description } = error;
  const today = absent.has(response.status) ? replacementOf(pathname) : undefined;
  if (today === undefined) return error;
  const words = description === undefined ? "" : ` (${description})`;
  return new ApiRequestError(
    `Bitbucket answered ${call} with ${status}${words}: it has no such route. Call instead: ${today}.`,
    { status, description, transient: false, action: "fix_config" },
  );
}

/** How errors name a target: no query, no host. */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "") || "/";
}

/** How long a body may take, and who may end it earlier. */
interface ReadLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a body to its end, of whatever `fetch` it is; `undefined` when it takes longer than it may. Rejects with the signal's
 * reason, or with what broke the body off. The connection is released in every case.
 */
function readBytes(response: BodySource, { timeoutMs, signal }: ReadLimits): Promise<Uint8Array | undefined> {
  const chunks = bodyChunks(response);
  if (!chunks) return Promise.resolve(new Uint8Array());
  return withinTime(() => readToEnd(chunks), {
    timeoutMs,
    startTimer,
    signal,
    onTimeout: () => undefined,
  }).finally(() => {
    // Not awaited: a stream that does not let itself be cancelled must not hold us up.
    Promise.resolve(chunks.cancel()).catch(() => undefined);
  });
}

async function readToEnd(chunks: Chunks): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  for (;;) {
    const chunk = await chunks.next();
    if (chunk === undefined) return join(read);
    read.push(toBytes(chunk));
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
