import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { BitbucketClientOptions } from "./bitbucket-client-options.js";

/** Paths of this origin: the routes and the proxy of `@bitbucket-auth/express`. */
export interface BackendPaths {
  readonly login: string;
  readonly logout: string;
  readonly proxy: string;
}

/** The paths that the options name, or `undefined` without `backend`. Throws `InvalidOptionsError` for what is no path. */
export function readBackendPaths(options: BitbucketClientOptions): BackendPaths | undefined {
  const { backend: login, proxy = "/api/bitbucket", logout = `${login}/logout` } = options;
  if (login === undefined) return undefined;
  if ([login, proxy, logout].every((path) => /^(?:\/[\w.~-]+)+$/.test(path))) return { login, proxy, logout };
  throw new InvalidOptionsError("backend, proxy and logout must be paths.");
}
