import { ForeignOriginError, readApiAddress } from "@bitbucket-auth/core";

/** The URL of the API that a page names, by core's rule. Throws `ForeignOriginError` for every other; nothing was sent then. */
export function apiAddress(resourceUrl: string, api: URL): URL {
  const url = readApiAddress(resourceUrl, api);
  if (url) return url;
  throw new ForeignOriginError(`Nothing sent: resourceUrl is not at ${api.origin}.`);
}
