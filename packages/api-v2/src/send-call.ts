import { ApiRequestError, readApiError } from "@bitbucket-auth/core";
import { readText } from "./read-text.js";
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
  /** From the headers of the answer to its end. @default a minute */
  readonly timeoutMs?: number | undefined;
}

/**
 * Sends a call and reads what Bitbucket says: the JSON value, the text of anything else, or `{}` for nothing.
 *
 * Rejects with core's errors for every status that is no success, and with the signal's own reason when that ends the call.
 */
export async function sendCall(
  { method, target, headers, body }: ApiCall,
  { fetch, signal, timeoutMs = 60_000 }: SendOptions,
): Promise<unknown> {
  const call = `${method} ${pathOf(target)}`;
  const response = await fetch(target, {
    method,
    headers: { accept: "application/json, */*;q=0.5", ...headers },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  if (!response.ok) {
    const refusal = await explainRefusal(response, call, pathOf(target), timeoutMs);
    signal?.throwIfAborted();
    throw refusal;
  }
  let text: string | undefined;
  try {
    text = await readText(response, { timeoutMs, signal });
  } catch {
    signal?.throwIfAborted();
    throw spoiltAnswer(`The answer to ${call} broke off`);
  }
  if (text === undefined) throw spoiltAnswer(`The answer to ${call} did not end within ${timeoutMs} ms`);
  return readAnswer(text, response.headers.get("content-type"), call);
}

function readAnswer(text: string, contentType: string | null, call: string): unknown {
  if (text === "") return {};
  if (!contentType?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw spoiltAnswer(`The answer to ${call} is not the JSON it says it is`);
  }
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
