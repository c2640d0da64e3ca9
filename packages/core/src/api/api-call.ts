import { ApiRequestError } from "../errors.js";
import { resolveApiTarget } from "./api-target.js";

/** A body, and whether sending it once more sends the same bytes. */
export interface CallBody {
  readonly content: BodyInit | null;
  readonly repeatable: boolean;
  /** The caller's own `Request`, when the body can only travel inside it. */
  readonly carrier?: Request;
}

/** One request on its way: what the caller asked for, or what a redirect made of it. */
export interface ApiCall {
  readonly url: URL;
  readonly method: string;
  /** The caller's headers, without `Authorization`: that one is ours. To be copied, never changed. */
  readonly headers: Headers;
  readonly body: CallBody;
  /** Whatever else the caller passed to `fetch`, untouched. */
  readonly extras: RequestInit;
  /** Still at the API. Once a redirect has led away from it, the token never comes back. */
  readonly atHome: boolean;
}

/** What a caller asked `fetch` for, in our terms. */
export interface CallerRequest {
  readonly call: ApiCall;
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | undefined;
}

export const noBody: CallBody = { content: null, repeatable: true };
/** Note: shared by all calls that bring none, so nobody may change it. */
const noHeaders = new Headers();

/** Reads the two arguments of `fetch` as `fetch` does: what is in `init` wins over the `Request`. */
export function readCallerRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  api: URL,
): CallerRequest {
  const url = resolveApiTarget(input, api);
  const request = typeof input === "object" && "url" in input ? input : undefined;
  const { body, headers, method, redirect, signal, ...rest } = init ?? {};
  const call: ApiCall = {
    url,
    method: (method ?? request?.method ?? "GET").toUpperCase(),
    headers: readHeaders(headers ?? request?.headers),
    body: body != null ? readBody(body) : request === undefined ? noBody : readRequestBody(request),
    extras: request === undefined ? rest : { ...readExtras(request), ...rest },
    atHome: true,
  };
  refuseUnsendable(call);
  return {
    call,
    redirect: redirect ?? request?.redirect ?? "follow",
    signal: (signal === undefined ? request?.signal : signal) ?? undefined,
  };
}

/** How errors name a call: no query, no host. */
export function describeCall({ method, url }: ApiCall): string {
  return `${method} ${url.pathname}`;
}

/** Without `Authorization`, whoever set it. */
function readHeaders(init: HeadersInit | undefined): Headers {
  if (init === undefined) return noHeaders;
  const headers = new Headers(init);
  headers.delete("authorization");
  return headers;
}

function readBody(content: BodyInit): CallBody {
  const repeatable =
    typeof content === "string" ||
    content instanceof URLSearchParams ||
    content instanceof ArrayBuffer ||
    ArrayBuffer.isView(content) ||
    content instanceof Blob ||
    content instanceof FormData;
  return { content, repeatable };
}

/** A `Request` does not say what its body was made of, and gives it away once. */
function readRequestBody(request: Request): CallBody {
  const bodiless = request.body === null || request.method === "GET" || request.method === "HEAD";
  return bodiless ? noBody : { content: null, repeatable: false, carrier: request };
}

/** The parts of a `Request` that must be handed on by name when it does not travel itself. */
function readExtras(request: Request): RequestInit {
  const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = request;
  return { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy };
}

/** What `fetch` would refuse is refused here, before it can be taken for a failing network. */
function refuseUnsendable({ method, body }: ApiCall): void {
  const hasBody = body.content !== null || body.carrier !== undefined;
  if (hasBody && (method === "GET" || method === "HEAD")) {
    throw new ApiRequestError(`A ${method} request cannot have a body. Nothing was sent.`, {
      transient: false,
      action: "fix_config",
    });
  }
  if (body.carrier?.bodyUsed === true) {
    throw new ApiRequestError("The body of this request was used before. Nothing was sent.", {
      transient: false,
      action: "fix_config",
    });
  }
}
