import { BitbucketAuthError, type ErrorAction } from "@bitbucket-auth/core";

/** A browser made the request for a page of another site, or would not say for whose. Nothing was done. */
export class CrossSiteRequestError extends BitbucketAuthError {
  override readonly name = "CrossSiteRequestError";
  readonly code = "cross_site_request";
  readonly transient = false;
  readonly action: ErrorAction = "fix_config";
}

/** The proxy does not forward this: not a path of the API, another method, too large. Nothing was sent. */
export class ProxyRefusedError extends BitbucketAuthError {
  override readonly name = "ProxyRefusedError";
  readonly code = "proxy_refused";
  readonly transient = false;
  readonly action: ErrorAction = "fix_config";
}
