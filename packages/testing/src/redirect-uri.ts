import type { Profile } from "./profiles.js";

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether `sent` may stand in for the consumer's one callback. */
export function isRegisteredCallback(profile: Profile, callbackUrl: string, sent: string): boolean {
  if (sent === callbackUrl) return true;
  if (profile.redirectUri === "prefix" && isBelow(callbackUrl, sent)) return true;
  if (profile.loopbackPort === "exact" || !URL.canParse(sent) || !URL.canParse(callbackUrl)) return false;
  const registered = new URL(callbackUrl);
  const given = new URL(sent);
  given.port = registered.port;
  return loopbackHosts.has(registered.hostname) && given.href === registered.href;
}

function isBelow(callbackUrl: string, sent: string): boolean {
  return sent.startsWith(callbackUrl) && /^[/?#]/.test(sent.slice(callbackUrl.replace(/\/$/, "").length));
}
