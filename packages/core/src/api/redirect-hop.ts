import { ApiRequestError } from "../errors.js";
import { assertSafeUrl } from "../token-endpoint/loopback-or-https.js";
import { type ApiCall, type CallBody, describeCall, noBody } from "./api-call.js";
import { isSameOrigin } from "./api-target.js";

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Longest chain of redirects that is followed. */
const mostHops = 5;
/** Headers that describe a body, and go when it goes. */
const bodyHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];
/** Headers that tell who is asking. */
const credentialHeaders = ["authorization", "cookie", "proxy-authorization"];

/** Whether an answer sends us elsewhere. A browser shows a redirect it was told not to follow as `opaqueredirect`. */
export function isRedirect(response: Response): boolean {
  if (response.type === "opaqueredirect") return true;
  return redirectStatuses.has(response.status) && response.headers.has("location");
}

/**
 * Decides what a redirect turns a call into, by the rules of the Fetch standard and two of our own: a call that leaves the
 * API leaves its credentials behind for good, and only `GET` and `HEAD` may leave, over `https:` or to a loopback host.
 *
 * `hop` counts from 1. Throwing means that the redirect is not followed.
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function followRedirect(call: ApiCall, response: Response, hop: number): ApiCall {
  const refuse = (why: string): ApiRequestError => refuseRedirect(call, response, why);

  if (response.type === "opaqueredirect") {
    throw refuse(
      "this runtime hides where to, so it cannot be followed safely. Call the address it leads to, or pass redirect: 'manual'",
    );
  }
  if (hop > mostHops) throw refuse(`${mostHops} came before it`);
  const url = readLocation(response, call.url);
  if (url === null) throw refuse("it leads to no https: address that can be called");

  const toGet = becomesGet(response.status, call.method);
  const method = toGet ? "GET" : call.method;
  const body: CallBody = toGet ? noBody : call.body;
  const headers = new Headers(call.headers);
  if (toGet) for (const name of bodyHeaders) headers.delete(name);
  if (!body.repeatable) throw refuse("a body that can be read only once cannot be sent again");

  const stays = isSameOrigin(url, call.url);
  if (!stays) {
    if (method !== "GET" && method !== "HEAD") throw refuse(`a ${method} is not sent to another host`);
    for (const name of credentialHeaders) headers.delete(name);
  }
  return { url, method, headers, body, extras: call.extras, atHome: call.atHome && stays };
}

/** The error for a redirect that is not followed. */
export function refuseRedirect(call: ApiCall, response: Response, why: string): ApiRequestError {
  return new ApiRequestError(`Bitbucket answered ${describeCall(call)} with a redirect, and ${why}.`, {
    // An opaque redirect hides its status as 0.
    ...(response.status !== 0 && { status: response.status }),
    transient: false,
    action: "fix_config",
  });
}

/** Where a redirect leads, if a request may go there. */
function readLocation(response: Response, base: URL): URL | null {
  try {
    return assertSafeUrl(new URL(response.headers.get("location") ?? "", base).href, "location");
  } catch {
    return null;
  }
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
