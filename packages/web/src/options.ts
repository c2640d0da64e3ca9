import {
  type BitbucketAuth,
  type Clock,
  InvalidOptionsError,
  type Logger,
  systemClock,
} from "@bitbucket-auth/core";
import type { ApiSource, BitbucketUser } from "./bitbucket-session.js";
import type { Problem } from "./problem.js";

/** Where the routes are, as paths of the app: below the path of `baseUrl`, or below where an adapter is mounted. */
export interface Routes {
  /** `GET` sends the browser to Bitbucket; `?returnTo=/path` says where it goes afterwards. @default "/auth/bitbucket" */
  readonly login?: string | undefined;
  /** `GET`: the consumer's callback URL ends with this. @default "/auth/bitbucket/callback" */
  readonly callback?: string | undefined;
  /** `POST` signs the user out. @default "/auth/bitbucket/logout" */
  readonly logout?: string | undefined;
}

/** How the cookies are named. */
export interface CookieOptions {
  /**
   * The start of their names, 1 to 16 letters, digits, `_` or `-`. Two apps on one host need two, also on two ports: browsers
   * keep cookies by host alone. @default "bb_"
   */
  readonly prefix?: string | undefined;
}

/** The request that finished a sign-in. */
export type SignInRequest = Pick<Request, "method" | "url" | "headers">;

/** Called with each user who signs in, before their browser is let in. What it rejects with refuses the sign-in. */
export type OnSignIn = (
  user: BitbucketUser,
  signIn: { readonly account: string; readonly request: SignInRequest },
) => unknown;

/** A request that was not answered as its sender wanted. */
export interface ProblemReport {
  readonly error: unknown;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Where it happened: in one of the routes, in the proxy, at a guard, or in a handler of the app behind it. */
  readonly at: "login" | "callback" | "logout" | "proxy" | "guard" | "handler";
  /** The account key, where it is known. */
  readonly account?: string | undefined;
}

/** What every adapter takes. */
export interface FlowOptions<Api> {
  /** The result of `createBitbucketAuth()`: it keeps the grants of the users who sign in. */
  readonly auth: BitbucketAuth;
  /** At least 16 random characters. Of a list the first seals and all open, so that a secret can be replaced. */
  readonly cookieSecret: string | readonly string[];
  /**
   * The address users see, such as `https://app.example`, with a path where the app lives below one. Absent: the origin is read
   * from the request, and Bitbucket uses the consumer's registered callback URL.
   */
  readonly baseUrl?: string | undefined;
  readonly routes?: Routes | undefined;
  readonly cookies?: CookieOptions | undefined;
  /**
   * Called for every answer of 500, every refused sign-in, and every 403 that users can do nothing about: a scope that the consumer
   * lacks, a call that Bitbucket refuses to a fresh token. What it returns or throws changes nothing.
   */
  readonly onProblem?: ((report: ProblemReport) => unknown) | undefined;
  /** Where those are logged, with code, message and account. @default the console */
  readonly logger?: Logger | undefined;
  /** `false`: nothing is logged. */
  readonly logging?: boolean | undefined;
  /** Forwards `<path>/2.0/…` to Bitbucket's API as the signed-in user, for pages of this app: `/api/bitbucket`. */
  readonly proxy?: string | undefined;
  /** Makes the result of the session's `api()`, such as `createAuthenticatedAPI` of `@bitbucket-auth/api-v2`. */
  readonly api?: ((source: ApiSource) => Promise<Api>) | undefined;
  /** Decides when a session or an attempt is over. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** What `createBitbucketWeb()` takes. */
export interface BitbucketWebOptions<Api = unknown> extends FlowOptions<Api> {
  /** Called with each user who signs in. What it rejects with refuses the sign-in, and the grant is forgotten. */
  readonly onSignIn?: OnSignIn | undefined;
  /** Returns the answer to send in place of the error page, or `undefined` to keep that page. */
  readonly onError?:
    | ((
        error: Error,
        context: { readonly problem: Problem; readonly request: unknown },
      ) => Response | undefined | Promise<Response | undefined>)
    | undefined;
}

/** The options, checked and complete. */
export interface ResolvedOptions<Api> extends Omit<
  FlowOptions<Api>,
  "cookieSecret" | "baseUrl" | "routes" | "cookies" | "clock" | "logger" | "logging"
> {
  readonly cookieSecrets: readonly string[];
  readonly baseUrl: URL | undefined;
  readonly routes: { readonly login: string; readonly callback: string; readonly logout: string };
  readonly cookiePrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How a request without a session is answered. `page`: by sending it to the sign-in. `api`: with 401 as JSON. */
export interface GuardOptions {
  /** Absent: whichever the request asks for. */
  readonly as?: "page" | "api" | undefined;
}

const shortestSecret = 16;
const known = [
  "auth",
  "cookieSecret",
  "baseUrl",
  "routes",
  "cookies",
  "onSignIn",
  "onError",
  "onProblem",
  "logger",
  "logging",
  "proxy",
  "api",
  "clock",
];

/**
 * Fills in what was left out. Throws `InvalidOptionsError` for what cannot work, and for options that do not exist. `caller` is
 * the function the options were given to, `more` the names of options that only it has.
 */
export function resolveOptions<Api>(
  options: FlowOptions<Api>,
  { caller, more = [] }: { readonly caller: string; readonly more?: readonly string[] },
): ResolvedOptions<Api> {
  assertKinds(options, caller, [...known, ...more]);
  const { cookieSecret, baseUrl, routes = {}, cookies = {}, clock = systemClock, proxy } = options;
  const { logger = console, logging } = options;
  const cookieSecrets = Array.isArray(cookieSecret) ? cookieSecret : [cookieSecret];
  if (!cookieSecrets[0] || !cookieSecrets.every(isSecret)) {
    throw new InvalidOptionsError(
      `cookieSecret needs at least ${shortestSecret} random characters. Make one: node -p "crypto.randomBytes(32).toString('base64')"`,
    );
  }
  const login = routes.login ?? "/auth/bitbucket";
  const callback = routes.callback ?? "/auth/bitbucket/callback";
  const logout = routes.logout ?? "/auth/bitbucket/logout";
  const paths = [login, callback, logout, ...(proxy === undefined ? [] : [proxy])];
  for (const path of paths) {
    if (!isPath(path)) throw new InvalidOptionsError(`"${path}" is not a path such as /auth/bitbucket.`);
  }
  if (new Set(paths).size < paths.length)
    throw new InvalidOptionsError("The routes and the proxy need different paths.");
  const cookiePrefix = cookies.prefix ?? "bb_";
  if (typeof cookiePrefix !== "string" || !/^[\w-]{1,16}$/.test(cookiePrefix))
    throw new InvalidOptionsError(
      'cookies.prefix must be 1 to 16 letters, digits, "_" or "-", such as "shop_".',
    );
  const { cookieSecret: _secret, cookies: _cookies, logging: _logging, ...rest } = options;
  return {
    ...rest,
    cookieSecrets,
    baseUrl: readBaseUrl(baseUrl),
    routes: { login, callback, logout },
    cookiePrefix,
    clock,
    logger: logging === false ? {} : logger,
  };
}

/** The options of a guard. Throws `InvalidOptionsError` for anything else. */
export function guardOptions(options: unknown): GuardOptions {
  const { as, ...others }: { as?: unknown } = { ...Object(options) };
  if (
    isObject(options) &&
    Object.keys(others).length === 0 &&
    (as === undefined || as === "page" || as === "api")
  )
    return { as };
  throw new InvalidOptionsError('A guard takes { as: "page" }, { as: "api" } or nothing.');
}

/**
 * Throws `InvalidOptionsError` unless this is the result of `createBitbucketWeb()`: an adapter would take an `auth` or the options in
 * its place, and fail at the first request.
 */
export function assertWeb(given: unknown, caller: string): void {
  if (typeof member(given, "handle") !== "function")
    throw new InvalidOptionsError(`${caller} wants the result of createBitbucketWeb().`);
}

/** Checks what a program without types can pass, before any of it is used. */
function assertKinds(options: unknown, caller: string, names: readonly string[]): void {
  const assert = (isRight: boolean, what: string): void => {
    if (!isRight) throw new InvalidOptionsError(`${caller} wants ${what}.`);
  };
  const isFunction = (value: unknown, name: string): boolean => typeof member(value, name) === "function";
  const given: Partial<Record<string, unknown>> = { ...Object(options) };
  assert(
    isFunction(given["auth"], "fetchFor"),
    "`auth`: the result of createBitbucketAuth() of @bitbucket-auth/core",
  );
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw new InvalidOptionsError(`${caller} has no option \`${name}\`. It has: ${names.join(", ")}.`);
  }
  const { clock, routes, cookies } = given;
  assert(clock === undefined || isFunction(clock, "now"), "a `clock` with now()");
  assert(routes === undefined || isObject(routes), "`routes` as an object");
  assertMembers(routes, "routes", ["login", "callback", "logout"]);
  assert(cookies === undefined || isObject(cookies), "`cookies` as an object");
  assertMembers(cookies, "cookies", ["prefix"]);
  assert(given["logger"] === undefined || isObject(given["logger"]), "an object as `logger`");
  for (const name of ["onSignIn", "onError", "onProblem", "api"])
    assert(given[name] === undefined || isFunction(given, name), `a function as \`${name}\``);
}

function assertMembers(value: unknown, option: string, names: readonly string[]): void {
  for (const name of Object.keys(Object(value))) {
    if (!names.includes(name))
      throw new InvalidOptionsError(`\`${option}\` has no \`${name}\`. It has: ${names.join(", ")}.`);
  }
}

function isSecret(value: unknown): boolean {
  return typeof value === "string" && value.length >= shortestSecret;
}

function isPath(path: unknown): boolean {
  return typeof path === "string" && /^(?:\/[\w.~-]+)+$/.test(path);
}

/** As a URL parser spells it: letters outside ASCII and spaces are encoded there, and slashes of another spelling are none. */
const basePath = /^(?:\/(?:[\w.~!$&'()*+=:@-]|%(?!2f|5c|[01][\da-f]|7f)[\da-f]{2})+)+$/i;

function readBaseUrl(baseUrl: string | undefined): URL | undefined {
  if (baseUrl === undefined) return undefined;
  const url = readUrl(baseUrl);
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  if (isPlain && (url.pathname === "/" || basePath.test(withoutSlash(url.pathname)))) return url;
  throw new InvalidOptionsError(
    "baseUrl must be an address such as https://app.example or https://app.example/path.",
  );
}

/**
 * A URL, or `undefined` for what is none.
 *
 * Note: not `URL.canParse`: in Node 22.23 it denies valid addresses after some thousand calls.
 */
export function readUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** A path without the slash at its end; nothing for the root. */
export function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** A member of something that came from outside; `undefined` when there is no such object or member. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** A member, if it is a text that is not empty. */
export function textMember(value: unknown, name: string): string | undefined {
  const text = member(value, name);
  return typeof text === "string" && text !== "" ? text : undefined;
}
