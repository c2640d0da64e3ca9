import { ForeignOriginError } from "../errors.js";
import { readUrl } from "../text.js";

/** Where a credential may go. */
export interface CredentialOrigins {
  /** The API's origin. */
  readonly api: URL;
  /** Bitbucket's site, for repository archives alone. Absent: they are refused like any other address. */
  readonly site?: URL | undefined;
}

/**
 * A path that a URL parser would leave as it is: no segment that begins with a dot or an escaped one, nothing to encode.
 * Calls with one need no parsed URL until something goes wrong.
 */
const plainPath = /^(?:\/(?:[\w-]|%(?!2e))(?:[\w.,~-]|%(?!2e))*)+\/?(?:\?[\w=&.,~+%-]*)?$/i;

/** A pattern, because callers without types pass what is no text. */
const fromRoot = /^\//;

/**
 * Resolves what a caller passed to `fetch` to an address of the API, and refuses everything else.
 *
 * Takes a path that starts with `/` and whole URLs. Scheme, host and port must be the API's and the URL must carry no user
 * or password. Only the address returned here may be sent: it has been parsed, so no later reader takes it for another.
 * Throws `ForeignOriginError`; then nothing was sent.
 */
export function resolveAddress(input: string | URL | Request, origins: CredentialOrigins): string {
  const spelled = input && typeof input === "object" && "url" in input ? input.url : String(input);
  if (plainPath.test(spelled)) return origins.api.origin + spelled;
  const url = parse(spelled, origins.api);
  if (url && mayCarryCredential(url, origins)) return url.href;
  throw new ForeignOriginError(
    url
      ? `This call is aimed at ${describeHost(url)}, not at ${origins.api.origin}, so nothing was sent.${hintAt(url, origins)}`
      : `This is not an address of Bitbucket's API, so nothing was sent. Pass a path that starts with "/", such as /2.0/user, or a whole URL of ${origins.api.origin}.`,
  );
}

/**
 * The rule alone, without archives: the URL of the API that `spelled` names, or `undefined` where an authenticated call would be
 * refused.
 */
export function readApiAddress(spelled: string, api: URL): URL | undefined {
  const url = parse(spelled, api);
  return url && isSameOrigin(url, api) && !hasUserInfo(url) ? url : undefined;
}

/** Whether the credential may go to this address. */
export function mayCarryCredential(url: URL, { api, site }: CredentialOrigins): boolean {
  return !hasUserInfo(url) && (isSameOrigin(url, api) || (site !== undefined && isArchive(url, site)));
}

/** `/{workspace}/{repository}/get/{ref}.zip`, `.tar.gz` or `.tar.bz2`: no endpoint of the API serves these. */
const archivePath = /^\/[^/]+\/[^/]+\/get\/.+\.(?:zip|tar\.gz|tar\.bz2)$/;

/** Whether a URL is the address of a repository's archive at Bitbucket's site, and nothing more. */
export function isArchive(url: URL, site: URL): boolean {
  return isSameOrigin(url, site) && url.search === "" && archivePath.test(url.pathname);
}

/** Whether two URLs share scheme, host and port. Note: not `origin`, which a `blob:` URL borrows from the URL inside it. */
export function isSameOrigin(url: URL, other: URL): boolean {
  return url.protocol === other.protocol && url.host === other.host;
}

/** Whether a URL carries a user or a password, which no address of Bitbucket's needs. */
function hasUserInfo(url: URL): boolean {
  return url.username + url.password !== "";
}

function parse(spelled: string, api: URL): URL | undefined {
  // What a URL parser reads otherwise than it is spelled: control characters anywhere, some of which it drops silently, and a
  // backslash in front of the query, which it takes for a slash. Note: made here, as in `redact.ts`.
  const misread = /\p{Cc}|^[^?#]*\\/u;
  return misread.test(spelled) ? undefined : readUrl(spelled, fromRoot.test(spelled) ? api : undefined);
}

/** Scheme and host alone: a path, a query or a user may hold a secret. */
function describeHost(url: URL): string {
  if (url.host === "") return `a ${url.protocol} URL`;
  return hasUserInfo(url) ? `${url.protocol}//…@${url.host}` : `${url.protocol}//${url.host}`;
}

function hintAt(url: URL, { site }: CredentialOrigins): string {
  if (site === undefined && url.host === "bitbucket.org" && archivePath.test(url.pathname))
    return " For archives of repositories pass { archives: true } to fetchFor().";
  return " Use a client of your own for other hosts.";
}
