import { bitbucketCloud, InvalidOptionsError, isSafeAddress } from "@bitbucket-auth/core";

/** The API's origin. A token goes there, so it is `https:`, or `http:` to this machine; else throws `InvalidOptionsError`. */
export function assertSafeApiUrl(apiUrl: string = bitbucketCloud.apiUrl): string {
  try {
    // Note: not `URL.canParse`, which Node 22.23 comes to answer wrongly.
    const url = new URL(apiUrl);
    if (isSafeAddress(url)) return url.origin;
  } catch {
    // What cannot be parsed is no origin either.
  }
  throw new InvalidOptionsError("endpoints.apiUrl must be an https: origin, or http: to a loopback host.");
}
