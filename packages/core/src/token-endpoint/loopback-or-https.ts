import { assertObject } from "../assert-options.js";
import { InvalidOptionsError } from "../errors.js";
import { readUrl } from "../read-url.js";

const loopbackHost = /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

/**
 * Lets a URL pass that secrets may be sent to: `https:`, or `http:` to this very machine, and no user name or password in it.
 *
 * Throws `InvalidOptionsError` for any other. The message names the option and does not repeat the URL.
 */
export function assertSafeUrl(url: string, optionName: string): URL {
  const parsed = readUrl(url);
  if (!parsed) throw new InvalidOptionsError(`${optionName} is not an absolute URL.`);
  if (!isSafeAddress(parsed)) {
    throw new InvalidOptionsError(
      `${optionName} must be an https: URL; plain http: is for loopback hosts only.`,
    );
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new InvalidOptionsError(`${optionName} must not contain a user name or a password.`);
  }
  return parsed;
}

/** The rule alone: whether the wire keeps a secret on its way to this address. */
export function isSafeAddress(url: URL): boolean {
  assertObject(url, "The argument of isSafeAddress()");
  const { protocol, hostname } = url;
  // Note: the parser has already turned `127.1` and `0x7f.0.0.1` into 127.0.0.1, and folded the case.
  return protocol === "https:" || (protocol === "http:" && loopbackHost.test(hostname));
}
