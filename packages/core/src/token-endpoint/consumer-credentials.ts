import { assertText } from "../assert-options.js";
import { fromBase64Url, toBase64 } from "../base64url.js";
import { InvalidOptionsError } from "../errors.js";

/** What Bitbucket calls the key and secret of an OAuth consumer. */
export interface ConsumerCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The `Authorization` header that says who the consumer is: `Basic`, as Bitbucket documents it.
 *
 * Id and secret go in as they are, in UTF-8. RFC 6749 section 2.3.1 would form-encode both first; Bitbucket's own examples
 * (`curl -u id:secret`) do not, and servers that follow those would refuse a secret with a `+` or `/` in it. For letters,
 * digits and `-`, `.`, `_`, `~` both readings give the same header. An id with a colon has no spelling that any server
 * reads back, so it is refused with `InvalidOptionsError`, as are an empty id and an empty secret.
 * @see https://www.rfc-editor.org/rfc/rfc7617#section-2
 */
export function basicAuthorization({ clientId, clientSecret }: ConsumerCredentials): string {
  assertText(clientId, "clientId", ": it is the key of the OAuth consumer");
  assertText(clientSecret, "clientSecret", ": it is the secret of the OAuth consumer");
  if (clientId.includes(":")) throw new InvalidOptionsError("clientId must not contain a colon.");
  return `Basic ${toBase64(new TextEncoder().encode(`${clientId}:${clientSecret}`))}`;
}

/** Everything in an `Authorization` header that must not be repeated: the credentials, and the secret within `Basic`. */
export function secretsInAuthorization(authorization: string): readonly string[] {
  const [scheme = "", credentials = ""] = authorization.split(/\s+(.*)/s);
  if (scheme.toLowerCase() !== "basic") return [authorization, credentials];
  const bytes = fromBase64Url(credentials.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"));
  const pair = new TextDecoder().decode(bytes);
  return [authorization, credentials, pair, pair.slice(pair.indexOf(":") + 1)];
}
