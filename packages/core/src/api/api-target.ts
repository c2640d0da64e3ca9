import { ForeignOriginError } from "../errors.js";

/** Control characters anywhere: a URL parser drops some of them silently, so what is read is not what is sent. */
const controlCharacter = /\p{Cc}/u;
/** A backslash in front of the query: a URL parser takes it for a slash. */
const misreadBackslash = /^[^?#]*\\/;

/**
 * Resolves what a caller passed to `fetch` to a URL of the API, and refuses everything else.
 *
 * Takes a path that starts with `/` and whole URLs. Scheme, host and port must be the API's and the URL must carry no user
 * or password. Only the URL returned here may be sent: it has been parsed, so nobody reads it differently afterwards.
 * Rejecting means that nothing was sent.
 */
export function resolveApiTarget(input: string | URL | Request, api: URL): URL {
  const spelled = typeof input === "object" && "url" in input ? input.url : String(input);
  const url = readApiAddress(spelled, api);
  if (url) return url;
  const elsewhere = parse(spelled, api);
  throw new ForeignOriginError(
    elsewhere
      ? `This call is aimed at ${describeHost(elsewhere)} and not at ${api.origin}, so nothing was sent. Use a client of your own for other hosts.`
      : `This is not an address of Bitbucket's API, so nothing was sent. Pass a path that starts with "/", such as /2.0/user, or a whole URL of ${api.origin}.`,
  );
}

/** The rule alone: the URL that `resolveApiTarget()` would answer, or `undefined` where it would throw. */
export function readApiAddress(spelled: string, api: URL): URL | undefined {
  const url = parse(spelled, api);
  return url && isSameOrigin(url, api) && !hasUserInfo(url) ? url : undefined;
}

/** Whether two URLs share scheme, host and port. Note: not `origin`, which a `blob:` URL borrows from the URL inside it. */
export function isSameOrigin(url: URL, other: URL): boolean {
  return url.protocol === other.protocol && url.host === other.host;
}

/** Whether a URL carries a user or a password, which no address of Bitbucket's needs. */
function hasUserInfo(url: URL): boolean {
  return url.username !== "" || url.password !== "";
}

function parse(spelled: string, api: URL): URL | null {
  if (controlCharacter.test(spelled) || misreadBackslash.test(spelled)) return null;
  try {
    return spelled.startsWith("/") ? new URL(spelled, api) : new URL(spelled);
  } catch {
    return null;
  }
}

/** Scheme and host alone: a path, a query or a user may hold a secret. */
function describeHost(url: URL): string {
  if (url.host === "") return `a ${url.protocol} URL`;
  return hasUserInfo(url) ? `${url.protocol}//…@${url.host}` : `${url.protocol}//${url.host}`;
}
