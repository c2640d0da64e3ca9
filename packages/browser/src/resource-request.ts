import {
  ApiRequestError,
  type BitbucketAuthError,
  ForeignOriginError,
  InvalidOptionsError,
  RateLimitedError,
  readApiAddress,
  SignedOutError,
} from "@bitbucket-auth/core";

/** What `fetchResource()` takes. */
export interface ResourceOptions {
  /** A path of Bitbucket's API such as `/2.0/user`, or a whole URL of it, such as the `next` of a page. */
  readonly resourceUrl: string;
  /** @default "GET" */
  readonly method?: string | undefined;
  /** Sent besides `accept` and, for JSON, `content-type`. An `Authorization` among them is dropped. */
  readonly headers?: HeadersInit | undefined;
  /** Plain objects and arrays are sent as JSON. */
  readonly body?: string | object | undefined;
  /** Aborts a call by `fetch`, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A call as `makeAjaxRequest()` gets it, in a form that jQuery's `ajax` takes too. */
export interface RequestObject {
  readonly url: string;
  readonly method: string;
  /** The same as `method`, for old versions of jQuery. */
  readonly type: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: BodyInit | undefined;
  readonly dataType: "json";
  /** Whether it goes to another origin than the page's. */
  readonly crossDomain: boolean;
  /** jQuery must neither name a content type nor change the data. */
  readonly contentType: false;
  readonly processData: false;
  readonly signal: AbortSignal | undefined;
}

/** A function like jQuery's `ajax`. What it returns is a promise, or has `done` and `fail`. */
export type Ajax = (request: RequestObject) => unknown;

/** Anything with an `ajax` like jQuery's: `$` itself. */
export interface AjaxOwner {
  ajax(request: RequestObject): unknown;
}

interface Deferred {
  done(listener: (data: unknown) => void): Deferred;
  fail(listener: (failed: unknown) => void): unknown;
}

/** The URL of the API that a page names, by core's rule. Throws `ForeignOriginError` for every other; nothing was sent then. */
export function apiAddress(resourceUrl: string, api: URL): URL {
  const url = readApiAddress(resourceUrl, api);
  if (url) return url;
  throw new ForeignOriginError(`Nothing sent: resourceUrl is not at ${api.origin}.`);
}

/** The request to `url`. Throws `InvalidOptionsError` for what no request can hold. */
export function requestObject(
  url: string,
  { method = "GET", headers: given, body, signal }: Omit<ResourceOptions, "resourceUrl">,
  crossDomain: boolean,
): RequestObject {
  const json = "application/json";
  const isJson = !isBody(body);
  try {
    const headers: Record<string, string> = {
      accept: json,
      ...(isJson && { "content-type": json }),
      ...Object.fromEntries(new Headers(given)),
    };
    // The client alone decides which account a call is made for.
    delete headers["authorization"];
    const verb = method.toUpperCase();
    return {
      url,
      method: verb,
      type: verb,
      headers,
      data: isJson ? JSON.stringify(body) : body,
      dataType: "json",
      crossDomain,
      contentType: false,
      processData: false,
      signal,
    };
  } catch {
    throw new InvalidOptionsError("Wrong method, headers or body.");
  }
}

/** Whether `fetch` takes it as it is: text, a form, a file, bytes, or nothing. */
function isBody(body: string | object | undefined): body is BodyInit | undefined {
  return !/^\[object (?:Object|Array)\]$/.test(Object.prototype.toString.call(body));
}

/** Resolves with what an `ajax` brought: from a promise, or from jQuery's `done` and `fail`. */
export async function resultOfAjax(returned: unknown): Promise<unknown> {
  return isDeferred(returned)
    ? new Promise((resolve, reject) => returned.done(resolve).fail(reject))
    : returned;
}

/** The HTTP status of a failed request, where it has one: jQuery rejects with the request itself. */
export function statusOf(failed: unknown): number {
  return Number(Reflect.get(Object(failed), "status")) || 0;
}

function isDeferred(returned: unknown): returned is Deferred {
  return "done" in Object(returned);
}

/**
 * The content of a response of the API: JSON where it says so, text otherwise, `undefined` for an empty body.
 *
 * Redirects are not followed with a token: a page cannot see beforehand where they lead.
 */
export async function readResponse(response: Response, now: number): Promise<unknown> {
  const { ok, status, headers, type } = response;
  const waitSeconds = Number(headers.get("retry-after"));
  // A page is not told which redirect it was, nor its target.
  if (!ok)
    throw apiFailure(
      type === "opaqueredirect" ? 302 : status,
      waitSeconds ? now + waitSeconds * 1000 : undefined,
    );
  const text = await response.text();
  if (!text) return undefined;
  return /json/i.test(headers.get("content-type") ?? "") ? JSON.parse(text) : text;
}

/** What a failure with this status means; below 300 no response could be read. The server's own text is left out. */
export function apiFailure(status: number, retryAt?: number): BitbucketAuthError {
  if (status === 401) return signedOut(status);
  const message = status < 300 ? "The API gave no answer." : `The API answered ${status}.`;
  if (status === 429) return new RateLimitedError(message, { status, retryAt });
  const transient = status < 300 || status >= 500;
  return new ApiRequestError(message, { status, transient, action: transient ? "retry" : "fix_config" });
}

/** The error for a call that needs a sign-in first: there is no token, it has expired, or it was refused with a 401. */
export function signedOut(status?: number): SignedOutError {
  return new SignedOutError("Not signed in. Call authorize().", { status });
}
