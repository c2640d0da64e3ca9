import { bitbucketCloud, InvalidOptionsError } from "@bitbucket-auth/core";

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The API's origin. A token goes there, so it is `https:`, or `http:` to this machine; else throws `InvalidOptionsError`. */
export function assertSafeApiUrl(apiUrl: string = bitbucketCloud.apiUrl): string {
  const url = URL.canParse(apiUrl) ? new URL(apiUrl) : undefined;
  if (url && (url.protocol === "https:" || (url.protocol === "http:" && loopback.test(url.hostname))))
    return url.origin;
  throw new InvalidOptionsError("endpoints.apiUrl must be an https: origin, or http: to a loopback host.");
}
