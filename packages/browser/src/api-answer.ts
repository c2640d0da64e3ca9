import { ApiRequestError, type BitbucketAuthError, RateLimitedError } from "@bitbucket-auth/core";
import { nobodySignedIn } from "./nobody-signed-in.js";

/**
 * Reads what the API answered: JSON where it says so, text otherwise, `undefined` for an empty body.
 *
 * Redirects are not followed with a token in hand: where they lead cannot be seen from a page beforehand.
 */
export async function readAnswer(response: Response, now: number): Promise<unknown> {
  const { ok, status, headers, type } = response;
  const waitSeconds = Number(headers.get("retry-after"));
  // A page is not told which redirect it was, nor where to.
  if (!ok)
    throw apiFailure(
      type === "opaqueredirect" ? 302 : status,
      waitSeconds ? now + waitSeconds * 1000 : undefined,
    );
  const text = await response.text();
  if (!text) return undefined;
  return /json/i.test(headers.get("content-type") ?? "") ? JSON.parse(text) : text;
}

/** What a failure with this status means; below 300 there was no answer that could be read. The server's words stay out of it. */
export function apiFailure(status: number, retryAt?: number): BitbucketAuthError {
  if (status === 401) return nobodySignedIn(status);
  const message = status < 300 ? "The API gave no answer." : `The API answered ${status}.`;
  if (status === 429) return new RateLimitedError(message, { status, retryAt });
  const transient = status < 300 || status >= 500;
  return new ApiRequestError(message, { status, transient, action: transient ? "retry" : "fix_config" });
}
