import { assertNames } from "./names.js";

/**
 * What a request is for. `token` stands for every token request, `token:refresh_token` for one grant; `any` for all.
 * `unknown` is a request the fake has no endpoint for.
 */
export type Op =
  | "any"
  | "authorize"
  | "token"
  | `token:${GrantType}`
  | "revoke"
  | "api"
  | "archive"
  | "git"
  | "unknown";

/** Picks requests: by what they are for, by their parts, or by any test at all. */
export type Matcher = Op | RequestPattern | ((request: MatchedRequest) => boolean);

/** Every part that is given has to fit. */
export interface RequestPattern {
  readonly op?: Op;
  readonly method?: string;
  /** The whole path, or a pattern of it. */
  readonly path?: string | RegExp;
  readonly clientId?: string;
  readonly grantId?: string;
}

/** The parts of a request a matcher can see. */
export interface MatchedRequest {
  readonly op: Op;
  readonly method: string;
  readonly path: string;
  readonly clientId?: string | undefined;
  readonly grantId?: string | undefined;
}

/** The parts of a pattern, for those who check what came without types. */
export const matcherNames: readonly string[] = ["op", "method", "path", "clientId", "grantId"];

/** Whether the matcher picks the request. */
export function matches(matcher: Matcher, request: MatchedRequest): boolean {
  if (typeof matcher === "function") return matcher(request);
  if (typeof matcher === "string") return opIncludes(matcher, request.op);
  const { op = "any", method, path, clientId, grantId } = matcher;
  return (
    opIncludes(op, request.op) &&
    (method === undefined || method.toUpperCase() === request.method) &&
    (path === undefined || (typeof path === "string" ? path === request.path : path.test(request.path))) &&
    (clientId === undefined || clientId === request.clientId) &&
    (grantId === undefined || grantId === request.grantId)
  );
}

/** Reads from the address and the form what a request is for. `hosts` are the origins the fake answers for. */
export function operationOf(request: IncomingRequest, hosts: Hosts): Op {
  const { origin, pathname } = request.url;
  const isSite = origin === hosts.site || hosts.served.has(origin);
  const isApi = origin === hosts.api || hosts.served.has(origin);
  if (isSite && pathname === "/site/oauth2/authorize") return "authorize";
  if (isSite && pathname === "/site/oauth2/access_token")
    return tokenOps.find((op) => op === `token:${request.form.get("grant_type")}`) ?? "token";
  if (isSite && pathname === "/site/oauth2/revoke") return "revoke";
  if (isApi && /^\/2\.0(\/|$)/.test(pathname)) return "api";
  if (isSite && archivePath.test(pathname)) return "archive";
  return isSite && gitPath.test(pathname) ? "git" : "unknown";
}

/** `/{workspace}/{repository}/get/{ref}.zip` and the like: what no API endpoint has. */
export const archivePath: RegExp = /^\/([^/]+)\/([^/]+)\/get\/(.+)\.(zip|tar\.gz|tar\.bz2)$/;

/** The addresses that `git` asks for (smart HTTP). */
export const gitPath: RegExp =
  /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** The origins a fake answers for: Bitbucket's own two, and where it is being served. */
export interface Hosts {
  readonly site: string;
  readonly api: string;
  readonly served: ReadonlySet<string>;
}

const tokenOps: readonly Op[] = [
  "token:authorization_code",
  "token:refresh_token",
  "token:client_credentials",
  "token:password",
  "token:urn:bitbucket:oauth2:jwt",
];
const ops = new Set<string>([
  "any",
  "authorize",
  "token",
  ...tokenOps,
  "revoke",
  "api",
  "archive",
  "git",
  "unknown",
]);

/** Whether a text names an operation. */
export function isOp(text: string): text is Op {
  return ops.has(text);
}

/**
 * Answers the matcher. Throws where it names no operation: it would never pick a request, without a sign of the mistake. One with a
 * misspelt part would pick more than was meant.
 */
export function checkedMatcher(matcher: Matcher): Matcher {
  if (typeof matcher === "function") return matcher;
  if (typeof matcher === "object") assertNames(matcher, "A matcher", matcherNames);
  const op: string | undefined = typeof matcher === "string" ? matcher : matcher.op;
  if (op === undefined || isOp(op)) return matcher;
  throw new TypeError(`Not an operation: ${op}. Known are ${[...ops].join(", ")}.`);
}

function opIncludes(wanted: Op, op: Op): boolean {
  return wanted === "any" || wanted === op || (wanted === "token" && op.startsWith("token:"));
}

/** A request whose body has been read, so that every station can look at it as often as it likes. */
export interface IncomingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The form fields; none when the body is not form-encoded. */
  readonly form: URLSearchParams;
  /** The parts of a multipart form, files included. */
  readonly parts: readonly (readonly [name: string, content: Uint8Array<ArrayBuffer>])[];
}

/** Reads a request with its body, once. */
export async function readIncomingRequest(request: Request): Promise<IncomingRequest> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const body = new TextDecoder().decode(bytes);
  const contentType = request.headers.get("content-type") ?? "";
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType);
  return {
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    body,
    bytes,
    parts: /^multipart\/form-data\b/i.test(contentType) ? await readParts(bytes, contentType) : [],
    form: new URLSearchParams(isForm ? body : ""),
  };
}

async function readParts(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<IncomingRequest["parts"]> {
  const form = await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  return Promise.all(
    Array.from(form, async ([name, value]) => {
      const content = typeof value === "string" ? new TextEncoder().encode(value) : await value.arrayBuffer();
      return [name, new Uint8Array(content)] as const;
    }),
  );
}

/** The `grant_type` values the token endpoint knows. */
export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "password"
  | "urn:bitbucket:oauth2:jwt";

/** The addresses a client is given: `authorize` and `token` are whole, `api` is an origin. */
export interface MockUrls {
  readonly authorize: string;
  readonly token: string;
  readonly api: string;
}

/** Where a fake can be reached: always at Bitbucket's own addresses, and at those it is being served from. */
export interface ServedOrigins {
  readonly hosts: Hosts;
  /** The newest place it is served from, else Bitbucket's own addresses. */
  readonly urls: MockUrls;
  /** Answers for this origin too, until the returned function is called. */
  readonly serveAt: (origin: string) => () => void;
}

const site = "https://bitbucket.org";
const api = "https://api.bitbucket.org";

/** The origins of Bitbucket, and those where a server of the fake listens. */
export function createServedOrigins(): ServedOrigins {
  const served = new Set<string>();
  return {
    hosts: { site, api, served },
    get urls() {
      const [origin] = [...served].toReversed();
      return urlsAt(origin ?? site, origin ?? api);
    },
    serveAt(origin) {
      served.add(origin);
      return () => void served.delete(origin);
    },
  };
}

function urlsAt(siteOrigin: string, apiOrigin: string): MockUrls {
  return {
    authorize: `${siteOrigin}/site/oauth2/authorize`,
    token: `${siteOrigin}/site/oauth2/access_token`,
    api: apiOrigin,
  };
}
