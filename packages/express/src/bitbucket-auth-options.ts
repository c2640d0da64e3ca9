import { type BitbucketAuth, type Clock, InvalidOptionsError, systemClock } from "@bitbucket-auth/core";
import type { NextFunction, Request, Response } from "express";
import type { MakeApi } from "./bitbucket-request.js";
import type { BitbucketUser } from "./bitbucket-user.js";
import { member } from "./member.js";
import { readUrl } from "./read-url.js";

/** Where the routes are, below the path that `bitbucketAuth()` is mounted at. */
export interface Routes {
  /** `GET` sends the person to Bitbucket; `?returnTo=/path` says where they go afterwards. @default "/auth/bitbucket" */
  readonly login?: string | undefined;
  /** `GET`: the consumer's callback URL ends with this. @default "/auth/bitbucket/callback" */
  readonly callback?: string | undefined;
  /** `POST` signs the person out. @default "/auth/bitbucket/logout" */
  readonly logout?: string | undefined;
}

/** Called with each person who signs in, before their browser is let in. What it rejects with refuses the sign-in. */
export type OnSignIn = (
  user: BitbucketUser,
  signIn: { readonly account: string; readonly req: Request },
) => unknown;

/** Answers in place of the error page. Status, `Retry-After` and `Cache-Control: no-store` are already set. */
export type OnError = (error: Error, req: Request, res: Response, next: NextFunction) => unknown;

/** What a function that makes an API client is given. Fits `createAuthenticatedAPI` of `@bitbucket-auth/api-v2`. */
export interface ApiSource {
  readonly auth: BitbucketAuth;
  readonly account: string;
}

/** What `bitbucketAuth()` takes. */
export interface BitbucketAuthOptions {
  readonly auth: BitbucketAuth;
  /** At least 16 random characters. Of a list the first seals and all open, so that a secret can be replaced. */
  readonly cookieSecret: string | readonly string[];
  /**
   * The address people see, such as `https://app.example`. Absent: it is read from the request, and Bitbucket uses the
   * consumer's registered callback URL.
   */
  readonly baseUrl?: string | undefined;
  readonly routes?: Routes | undefined;
  /** Absent: `express-session` where it is mounted before this, else a cookie of our own. */
  readonly session?: "cookie" | "express-session" | undefined;
  readonly onSignIn?: OnSignIn | undefined;
  readonly onError?: OnError | undefined;
  /** Forwards `<path>/2.0/…` to Bitbucket's API as the signed-in person, for pages of this app: `/api/bitbucket`. */
  readonly proxy?: string | undefined;
  /** Makes what `req.bitbucket.api()` answers. */
  readonly api?: MakeApi | undefined;
  readonly clock?: Clock | undefined;
}

/** The options, checked and complete. */
export interface ResolvedOptions extends Omit<
  BitbucketAuthOptions,
  "cookieSecret" | "baseUrl" | "routes" | "clock"
> {
  readonly cookieSecrets: readonly string[];
  readonly baseUrl: URL | undefined;
  readonly routes: { readonly login: string; readonly callback: string; readonly logout: string };
  readonly clock: Clock;
}

const shortestSecret = 16;

/** Fills in what was left out. Throws `InvalidOptionsError` for what cannot work. */
export function resolveOptions(options: BitbucketAuthOptions): ResolvedOptions {
  assertKinds(options);
  const { cookieSecret, baseUrl, routes = {}, clock = systemClock, proxy } = options;
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
    if (!/^(?:\/[\w.~-]+)+$/.test(path))
      throw new InvalidOptionsError(`"${path}" is not a path such as /auth/bitbucket.`);
  }
  if (new Set(paths).size < paths.length)
    throw new InvalidOptionsError("The routes and the proxy need different paths.");
  return {
    ...options,
    cookieSecrets,
    baseUrl: readBaseUrl(baseUrl),
    routes: { login, callback, logout },
    clock,
  };
}

/** Checks what a program without types can pass, before any of it is used. */
function assertKinds(options: unknown): void {
  const assert = (isRight: boolean, what: string): void => {
    if (!isRight) throw new InvalidOptionsError(`bitbucketAuth() wants ${what}.`);
  };
  const isFunction = (value: unknown, name: string): boolean => typeof member(value, name) === "function";
  const { auth, clock, routes, session, ...rest }: Partial<Record<string, unknown>> = { ...Object(options) };
  assert(isFunction(auth, "fetchFor"), "`auth`: what createBitbucketAuth() of @bitbucket-auth/core answers");
  assert(clock === undefined || isFunction(clock, "now"), "a `clock` with now()");
  assert(routes === undefined || (typeof routes === "object" && routes !== null), "`routes` as an object");
  const sessions = [undefined, "cookie", "express-session"];
  assert(
    sessions.some((one) => one === session),
    '"cookie" or "express-session" as `session`',
  );
  for (const name of ["onSignIn", "onError", "api"])
    assert(rest[name] === undefined || isFunction(rest, name), `a function as \`${name}\``);
}

function isSecret(value: unknown): boolean {
  return typeof value === "string" && value.length >= shortestSecret;
}

function readBaseUrl(baseUrl: string | undefined): URL | undefined {
  if (baseUrl === undefined) return undefined;
  const url = readUrl(baseUrl);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.username)
    return url;
  throw new InvalidOptionsError("baseUrl must be an origin such as https://app.example, without a path.");
}
