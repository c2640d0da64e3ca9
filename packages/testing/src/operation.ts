import type { IncomingRequest } from "./incoming-request.js";
import type { GrantType } from "./grant-type.js";

/**
 * What a request is for. `token` stands for every token request, `token:refresh_token` for one grant; `any` for all.
 * `unknown` is a request the fake has no endpoint for.
 */
export type Op = "any" | "authorize" | "token" | `token:${GrantType}` | "revoke" | "api" | "unknown";

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

/** Whether the matcher picks the request. */
export function matches(matcher: Matcher, request: MatchedRequest): boolean {
  if (typeof matcher === "function") return matcher(request);
  if (typeof matcher === "string") return opIncludes(matcher, request.op);
  const { op = "any", method, path, clientId, grantId } = matcher;
  return (
    opIncludes(op, request.op) &&
    (method === undefined || method === request.method) &&
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
  return isApi && /^\/2\.0(\/|$)/.test(pathname) ? "api" : "unknown";
}

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
const ops = new Set<string>(["any", "authorize", "token", ...tokenOps, "revoke", "api", "unknown"]);

/** Whether a text names an operation. */
export function isOp(text: string): text is Op {
  return ops.has(text);
}

/** Answers the matcher. Throws where it names no operation: it would never pick a request, and nobody would hear of it. */
export function checkedMatcher(matcher: Matcher): Matcher {
  if (typeof matcher === "function") return matcher;
  const op: string | undefined = typeof matcher === "string" ? matcher : matcher.op;
  if (op === undefined || isOp(op)) return matcher;
  throw new TypeError(`Not an operation: ${op}. Known are ${[...ops].join(", ")}.`);
}

function opIncludes(wanted: Op, op: Op): boolean {
  return wanted === "any" || wanted === op || (wanted === "token" && op.startsWith("token:"));
}
