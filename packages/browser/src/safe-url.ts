import { InvalidOptionsError, isSafeAddress } from "@bitbucket-auth/core";

/** The address in an option that secrets are sent to. Throws `InvalidOptionsError` unless it is https, or http to a loopback host. */
export function safeUrl(text: string, optionName: string): URL {
  const url = URL.canParse(text) && new URL(text);
  if (url && isSafeAddress(url)) return url;
  throw new InvalidOptionsError(`${optionName} must be https: or to a loopback host.`);
}
