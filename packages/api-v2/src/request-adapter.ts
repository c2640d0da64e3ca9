import { InvalidOptionsError, type Clock, type FetchForOptions } from "@bitbucket-auth/core";
import { anySignal, assertOptions, createAuthenticatedFetch } from "@bitbucket-auth/core/internal";
import { accessToken, apiToken, type Credential } from "@bitbucket-auth/credentials";
import { buildCall, type CallKind } from "./call.js";
import { assertSafeApiUrl, readLimits, readSignal } from "./options.js";
import { sendCall } from "./send-call.js";

/** Where calls go, and how. */
export interface Route {
  readonly endpoints?: { readonly apiUrl?: string | undefined } | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
}

/** What carries the calls of one API object. */
export interface Transport {
  /** A `fetch` with the token of the moment. */
  live(limits: FetchForOptions): typeof globalThis.fetch;
  /** Where calls with another credential go; absent where the object may not take one. */
  readonly route?: Route | undefined;
  /** For every call of the object. */
  readonly limits: FetchForOptions;
  readonly signal?: AbortSignal | undefined;
}

type Callback = (error: unknown, answer?: unknown) => void;
type Send = (
  route: string,
  parameters?: unknown,
  options?: unknown,
  callback?: Callback,
) => Promise<unknown> | undefined;

/** What `bitbucket-api-v2` asks of its `requestAdapter`. */
export interface RequestAdapter extends Record<"get" | "post" | "put" | "delete", Send> {
  readonly postForm: Send;
  readonly putForm: Send;
  readonly postRelated: Send;
  readonly putRelated: Send;
  send(
    route: string,
    parameters?: unknown,
    method?: string,
    options?: unknown,
    callback?: Callback,
  ): ReturnType<Send>;
  /** Calls an address that Bitbucket gave. */
  doPrebuiltSend(url: string, callback?: Callback): ReturnType<Send>;
  setOption(name: string, value: unknown): RequestAdapter;
  getOption(name: string, fallback?: unknown): unknown;
}

/**
 * Carries the calls of `bitbucket-api-v2`. With a callback it calls that and returns nothing; without one it returns a promise.
 * The options of one call hold for that call alone.
 */
export function createRequestAdapter(transport: Transport): RequestAdapter {
  const options = new Map<string, unknown>();
  let usual: typeof globalThis.fetch | undefined;

  const fetchWithin = (limits: FetchForOptions): typeof globalThis.fetch => {
    const { route } = transport;
    const credential = route && credentialIn(options, route);
    if (route && credential === "none") return fetchAnonymously(route, limits);
    return typeof credential === "object" ? credential.fetchWith(limits) : transport.live(limits);
  };
  const perform = async (
    method: string,
    kind: CallKind,
    route: string,
    parameters: unknown,
    given: unknown,
  ): Promise<unknown> => {
    const { signal, headers, withResponse, ...limits } = readCallOptions(given);
    const call = buildCall(method, kind, route, parameters);
    const isUsual = Object.keys(limits).length === 0;
    if (isUsual) usual ??= fetchWithin(transport.limits);
    const response = await sendCall(
      { ...call, headers: { ...headers, ...call.headers } },
      {
        fetch: isUsual && usual ? usual : fetchWithin({ ...transport.limits, ...limits }),
        signal: eitherSignal(transport.signal, signal),
        timeoutMs: limits.timeoutMs ?? transport.limits.timeoutMs,
      },
    );
    return withResponse ? response : response.data;
  };
  const sender =
    (method: string, kind: CallKind): Send =>
    (route, parameters, given, callback) =>
      deliver(perform(method, kind, route, parameters, given), callback);

  const adapter: RequestAdapter = {
    get: sender("GET", "query"),
    delete: sender("DELETE", "query"),
    post: sender("POST", "json"),
    put: sender("PUT", "json"),
    postForm: sender("POST", "form"),
    putForm: sender("PUT", "form"),
    postRelated: sender("POST", "related"),
    putRelated: sender("PUT", "related"),
    send(route, parameters, method = "GET", given, callback) {
      const verb = method.toUpperCase();
      return sender(verb, /^(GET|HEAD|DELETE)$/.test(verb) ? "query" : "json")(
        route,
        parameters,
        given,
        callback,
      );
    },
    doPrebuiltSend: (url, callback) => sender("GET", "query")(url, undefined, undefined, callback),
    setOption(name, value) {
      if (!transport.route) {
        throw new InvalidOptionsError(
          "This object calls for an account of its BitbucketAuth. For other credentials make one with createBitbucketAPI().",
        );
      }
      options.set(name, value);
      usual = undefined;
      return adapter;
    },
    getOption: (name, fallback = null) => options.get(name) ?? fallback,
  };
  return adapter;
}

/** What `authenticateOAuth2()` and its like have set; `"none"` after `deAuthenticate()`. */
function credentialIn(options: ReadonlyMap<string, unknown>, route: Route): Credential | "none" | undefined {
  switch (options.get("login_type")) {
    case undefined:
      return undefined;
    case "oauth2":
      return accessToken({ ...route, token: text(options, "oauth_access_token") });
    case "basic":
      return apiToken({ ...route, email: text(options, "username"), token: text(options, "password") });
    default:
      return "none";
  }
}

function text(options: ReadonlyMap<string, unknown>, name: string): string {
  const value = options.get(name);
  if (typeof value === "string" && value !== "") return value;
  throw new InvalidOptionsError(
    `The API object was given no ${name.replace("oauth_", "").replace("_", " ")}.`,
  );
}

/** A `fetch` without a credential, within everything that core promises for one with. */
export function fetchAnonymously(route: Route, limits: FetchForOptions): typeof globalThis.fetch {
  const { endpoints, fetch, clock } = route;
  return createAuthenticatedFetch({
    ...limits,
    apiUrl: assertSafeApiUrl(endpoints?.apiUrl),
    fetch,
    clock,
    source: {
      authorization: async () => undefined,
      whenRefused:
        "This call needs a credential: use createAuthenticatedAPI(), or pass accessToken or basicAuth.",
    },
  });
}

/** One signal for both. */
export function eitherSignal(one?: AbortSignal, other?: AbortSignal): AbortSignal | undefined {
  return one && other ? anySignal([one, other]) : (one ?? other);
}

interface ReadOptions extends FetchForOptions {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Record<string, string>;
  readonly withResponse: boolean;
}

function readCallOptions(given: unknown): ReadOptions {
  if (typeof given !== "object" || given === null) return { withResponse: false };
  assertOptions(given, "A call", ["signal", "headers", "timeoutMs", "rateLimitBudgetMs", "withResponse"]);
  const { signal, headers, timeoutMs, rateLimitBudgetMs, withResponse }: Record<string, unknown> = {
    ...given,
  };
  return {
    withResponse: withResponse === true,
    signal: readSignal(signal),
    headers: readHeaders(headers),
    ...readLimits(timeoutMs, rateLimitBudgetMs),
  };
}

/** By lower-case names, so that one of the caller's and one of ours do not both travel. */
function readHeaders(headers: unknown = {}): Record<string, string> {
  try {
    if (isHeaders(headers)) return Object.fromEntries(new Headers(headers));
  } catch {
    // What no header can carry.
  }
  throw new InvalidOptionsError("headers must be an object of texts.");
}

/** As far as can be seen from outside: `Headers` refuses the rest. */
function isHeaders(value: unknown): value is HeadersInit {
  return typeof value === "object" && value !== null;
}

/**
 * Gives an answer to the callback, once and asynchronously, or returns the promise itself.
 *
 * What a callback throws is not caught: it ends as an uncaught exception, and the callback is not called again.
 */
export function deliver<Answer>(
  answer: Promise<Answer>,
  callback: ((error: unknown, answer?: Answer) => void) | null | undefined,
): Promise<Answer> | undefined {
  if (typeof callback !== "function") return answer;
  answer.then(
    (value) => queueMicrotask(() => callback(null, value)),
    // Note: a signal can be aborted for the reason `null`, which a callback would take for success.
    (error: unknown) =>
      queueMicrotask(() => callback(error ?? new DOMException("The call was aborted.", "AbortError"))),
  );
  return undefined;
}
