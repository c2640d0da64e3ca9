import { assertSignal } from "../environment.js";
import { ApiRequestError } from "../errors.js";
import { hasMethod } from "../token-endpoint/http.js";
import { assertSafeUrl } from "../token-endpoint/request.js";
import {
  type CredentialOrigins,
  isArchive,
  mayCarryCredential,
  isSameOrigin,
  resolveAddress,
} from "./address.js";

/** A body, and whether sending it once more sends the same bytes. */
export interface CallBody {
  readonly content: BodyInit | null;
  readonly repeatable: boolean;
  /** The caller's own `Request`, when the body can only travel inside it. */
  readonly carrier?: Request;
}

/** One request on its way: what the caller asked for, or what a redirect made of it. */
export interface ApiCall {
  /** The whole address, parsed and printed again or of a shape that parsing leaves as it is. */
  readonly href: string;
  readonly method: string;
  /** The caller's headers, without `Authorization`: that one is ours. To be copied, never changed. */
  readonly headers: Headers | undefined;
  readonly body: CallBody;
  /** Whatever else the caller passed to `fetch`, untouched. */
  readonly extras: RequestInit | undefined;
  /** Whether the credential goes with it. Once a redirect has led to another address, it is never added again. */
  readonly carriesCredential: boolean;
}

/** What a caller asked `fetch` for, in our terms. */
export interface CallerRequest {
  readonly call: ApiCall;
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | undefined;
}

/** The body of a call that has none. */
export const noBody: CallBody = { content: null, repeatable: true };

/** Reads the two arguments of `fetch` as `fetch` does: what is in `init` wins over the `Request`. */
export function readCallerRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
  origins: CredentialOrigins,
): CallerRequest {
  const href = resolveAddress(input, origins);
  const request = typeof input === "object" && "url" in input ? input : undefined;
  if (init === undefined && request === undefined) return { call: plainGet(href), ...followed };
  const { body, headers, method, redirect, signal, ...rest } = init ?? {};
  const call: ApiCall = {
    href,
    method: (method ?? request?.method ?? "GET").toUpperCase(),
    headers: readHeaders(headers ?? request?.headers),
    body: body != null ? readBody(body) : request === undefined ? noBody : readRequestBody(request),
    extras: request === undefined ? rest : { ...readExtras(request), ...rest },
    carriesCredential: true,
  };
  refuseUnsendable(call);
  assertSignal(signal);
  return {
    call,
    redirect: redirect ?? request?.redirect ?? "follow",
    signal: (signal === undefined ? request?.signal : signal) ?? undefined,
  };
}

const followed = { redirect: "follow", signal: undefined } as const;

function plainGet(href: string): ApiCall {
  return {
    href,
    method: "GET",
    headers: undefined,
    body: noBody,
    extras: undefined,
    carriesCredential: true,
  };
}

/** How errors name a call: method and path, without query and host. */
export function describeCall({ method, href }: ApiCall): string {
  return `${method} ${new URL(href).pathname}`;
}

/** The caller's headers without `Authorization`. */
function readHeaders(init: HeadersInit | undefined): Headers | undefined {
  if (init === undefined) return undefined;
  const headers = new Headers(init);
  headers.delete("authorization");
  return headers;
}

/** Bodies that give the same bytes each time, by the tag that every realm and every polyfill puts on them. */
const repeatableTags: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "URLSearchParams",
  "ArrayBuffer",
  "Blob",
  "File",
  "FormData",
]);

function readBody(content: BodyInit): CallBody {
  const repeatable =
    typeof content === "string" || ArrayBuffer.isView(content) || repeatableTags.has(tagOf(content));
  return { content, repeatable };
}

function tagOf(content: BodyInit | null): string {
  return Object.prototype.toString.call(content).slice("[object ".length, -1);
}

/** Whether the body is a form or a file: objects of the platform, which another `fetch` than its own may send as `[object FormData]`. */
export function isForm({ body }: ApiCall): boolean {
  return /^(?:FormData|Blob|File)$/.test(tagOf(body.content));
}

function canBeRead(content: unknown): boolean {
  if (!hasMethod(content, "forEach")) return hasMethod(content, "stream");
  let areRead = true;
  content.forEach((part: unknown) => {
    areRead &&= typeof part === "string" || hasMethod(part, "stream");
  });
  return areRead;
}

/**
 * The same call with its form or file as bytes. One of another realm, which cannot be encoded here, stays as it is; of jsdom's
 * files, which cannot be read, Node would wait forever.
 */
export async function encodeForm(call: ApiCall): Promise<ApiCall> {
  if (!canBeRead(call.body.content)) return call;
  const encoded = new Response(call.body.content);
  const type = encoded.headers.get("content-type") ?? "";
  const headers = new Headers(call.headers);
  if (tagOf(call.body.content) === "FormData") {
    if (!type.startsWith("multipart/form-data")) return call;
    headers.set("content-type", type);
  } else if (type !== "" && !headers.has("content-type")) headers.set("content-type", type);
  const content = new Uint8Array(await encoded.arrayBuffer());
  return { ...call, headers, body: { content, repeatable: true } };
}

/** A `Request` does not say what its body was made of, and its body can be read once. */
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
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(method) || /^(?:CONNECT|TRACE|TRACK)$/.test(method)) {
    const named = method.length <= 20 ? ` (${JSON.stringify(method)})` : "";
    throw new ApiRequestError(`No fetch sends a request with this method${named}. Nothing was sent.`, {
      transient: false,
      action: "fix_config",
    });
  }
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

const redirectStatuses: ReadonlySet<number> = /* @__PURE__ */ new Set([301, 302, 303, 307, 308]);
/** Longest chain of redirects that is followed. */
const mostHops = 5;
/** Headers that describe a body, and go when it goes. */
const bodyHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];
/** Headers that hold a credential. */
const credentialHeaders = ["authorization", "cookie", "proxy-authorization"];

/** Whether an answer sends us elsewhere. A browser shows a redirect it was told not to follow as `opaqueredirect`. */
export function isRedirect(response: Response): boolean {
  if (response.type === "opaqueredirect") return true;
  return redirectStatuses.has(response.status) && response.headers.has("location");
}

/**
 * Decides what a redirect turns a call into, by the rules of the Fetch standard and two of our own: a call that leaves the
 * API leaves its credentials behind for good, and only `GET` and `HEAD` may leave, over `https:` or to a loopback host.
 *
 * `hop` counts from 1. Throwing means that the redirect is not followed.
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function followRedirect(
  call: ApiCall,
  response: Response,
  hop: number,
  origins: CredentialOrigins,
): ApiCall {
  const refuse = (why: string): ApiRequestError => refuseRedirect(call, response, why);

  if (response.type === "opaqueredirect") {
    throw refuse(
      "this runtime hides where to, so it cannot be followed safely. Call the address it leads to, or pass redirect: 'manual'",
    );
  }
  if (hop > mostHops) throw refuse(`${mostHops} came before it`);
  const from = new URL(call.href);
  const url = readLocation(response, from);
  if (url === null) throw refuse("it leads to no https: address that can be called");

  const toGet = becomesGet(response.status, call.method);
  const method = toGet ? "GET" : call.method;
  const body: CallBody = toGet ? noBody : call.body;
  const headers = new Headers(call.headers);
  if (toGet) for (const name of bodyHeaders) headers.delete(name);
  if (!body.repeatable) throw refuse("a body that can be read only once cannot be sent again");

  const stays = isSameOrigin(url, from);
  if (!stays) {
    if (method !== "GET" && method !== "HEAD") throw refuse(`a ${method} is not sent to another host`);
    for (const name of credentialHeaders) headers.delete(name);
  }
  const carriesCredential = call.carriesCredential && stays && mayCarryCredential(url, origins);
  return { href: url.href, method, headers, body, extras: call.extras, carriesCredential };
}

/** Whether this answer to an archive's address is the site's way to say 401: a redirect to its sign-in page. */
export function isSignInRedirect(call: ApiCall, response: Response, { site }: CredentialOrigins): boolean {
  if (site === undefined || !call.carriesCredential || !redirectStatuses.has(response.status)) return false;
  const from = new URL(call.href);
  const to = isArchive(from, site) ? readLocation(response, from) : null;
  return to !== null && isSameOrigin(to, site) && /^\/account\/signin\/?$/.test(to.pathname);
}

/** The error for a redirect that is not followed. */
export function refuseRedirect(call: ApiCall, response: Response, why: string): ApiRequestError {
  return new ApiRequestError(`Bitbucket answered ${describeCall(call)} with a redirect, and ${why}.`, {
    // An opaque redirect hides its status as 0.
    ...(response.status !== 0 && { status: response.status }),
    transient: false,
    action: "fix_config",
  });
}

/** Where a redirect leads, if a request may go there. */
function readLocation(response: Response, base: URL): URL | null {
  const location = decodeUtf8(response.headers.get("location") ?? "");
  try {
    return assertSafeUrl(new URL(location, base).href, "location");
  } catch {
    return null;
  }
}

/**
 * Reads UTF-8 that came in a header as it is. Headers show one character per byte; a `Location` in which a server wrote
 * letters unescaped is read as the platform's `fetch` reads it when it follows redirects itself.
 */
function decodeUtf8(header: string): string {
  const bytes = Array.from(header, (character) => character.charCodeAt(0));
  if (bytes.every((byte) => byte < 0x80) || bytes.some((byte) => byte > 0xff)) return header;
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
