import type { BitbucketAuth } from "@bitbucket-auth/core";
import { type BitbucketSession, createBitbucketSession } from "./bitbucket-session.js";
import { pathOf, type WebRequest } from "./exchange.js";
import { type ResolvedOptions, withoutSlash } from "./options.js";
import type { Session } from "./session.js";

/** A request, and what was found out about it. */
export interface Visit<Api> {
  readonly request: WebRequest;
  /** Where the app's own routes are, as the browser sees them. */
  readonly paths: Paths;
  /** Bitbucket as the signed-in user. */
  readonly user?: BitbucketSession<Api> | undefined;
  /** What the browser's session says, when it is authentic and not too old. */
  readonly claimed?: Session | undefined;
  /** The user's token is in memory and works: nothing has to be asked before the request may pass. */
  readonly isReady: boolean;
  /** Cookies that belong to the answer although `handle()` rejected. */
  readonly cookies: string[];
  /** Why it is not known whether `claimed` still counts. */
  readonly error?: Error | undefined;
}

/** Paths as the browser sees them. */
export interface Paths {
  readonly login: string;
  readonly callback: string;
  readonly logout: string;
  /** The start of the app. */
  readonly home: string;
  /** The path of this request below the app: what routes are compared with. */
  readonly local: string;
  /** The target of this request, as the browser sees it. */
  readonly here: string;
}

/** What all visits of an app have in common. */
export interface Site<Api> extends Pick<ResolvedOptions<Api>, "routes" | "api"> {
  readonly auth: BitbucketAuth;
  /** The path of `baseUrl`, without a slash at its end. */
  readonly basePath: string;
}

/** A visit whose parts are made on first use: one is created for every request, and most requests use few of them. */
export class FlowVisit<Api> implements Visit<Api> {
  readonly request: WebRequest;
  claimed: Session | undefined;
  error: Error | undefined;
  isReady = false;
  /** Whether `claimed` counts. */
  isSignedIn = false;
  readonly #site: Site<Api>;
  #user: BitbucketSession<Api> | undefined;
  #paths: Paths | undefined;
  #cookies: string[] | undefined;

  constructor(request: WebRequest, site: Site<Api>) {
    this.request = request;
    this.#site = site;
  }
  get user(): BitbucketSession<Api> | undefined {
    if (!this.claimed || !this.isSignedIn) return undefined;
    const { auth, api } = this.#site;
    return (this.#user ??= createBitbucketSession(auth, this.claimed.account, api));
  }
  get paths(): Paths {
    return (this.#paths ??= pathsOf(this.request, this.#site));
  }
  get cookies(): string[] {
    return (this.#cookies ??= []);
  }
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

/** A path without the slash at its end, but for the root. */
export function withoutEndSlash(path: string): string {
  return path.length > 1 ? withoutSlash(path) : path;
}

/** The part of the path in front of the app's own: what the framework has routed away, or the path of `baseUrl`. */
function prefixOf({ mount }: WebRequest, path: string, basePath: string): string {
  if (basePath === "" || !isBelow(path, basePath) || isBelow(mount, basePath)) return mount;
  return mount + basePath;
}

/** The path of a request below the app. */
export function localPath(request: WebRequest, basePath: string): string {
  const path = pathOf(request);
  return path.slice(prefixOf(request, path, basePath).length) || "/";
}

/**
 * Where things are for the browser. The path of `baseUrl` may still be in the request, in front of a mount or in place of one,
 * or a proxy may have taken it off.
 */
function pathsOf(
  request: WebRequest,
  { basePath, routes }: Pick<Site<unknown>, "basePath" | "routes">,
): Paths {
  const path = pathOf(request);
  const isStripped = basePath !== "" && !isBelow(path, basePath);
  const start = isStripped ? basePath + request.mount : prefixOf(request, path, basePath);
  return {
    login: start + routes.login,
    callback: start + routes.callback,
    logout: start + routes.logout,
    home: `${start}/`,
    local: localPath(request, basePath),
    here: (isStripped ? basePath : "") + request.target,
  };
}
