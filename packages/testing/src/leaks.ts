import { toBase64Url } from "./base64url.js";
import type { MockState } from "./mock-state.js";

/** Shorter values turn up in texts by chance. */
const shortestSecret = 8;

/** Names every secret of the fake that is in the text, as it is, form-encoded or in base64. The names give nothing away. */
export function findLeaks(state: MockState, text: string): readonly string[] {
  const found = new Set<string>();
  for (const [name, secret] of secretsOf(state))
    if (secret.length >= shortestSecret && spellings(secret).some((spelling) => text.includes(spelling)))
      found.add(name);
  return [...found];
}

function* secretsOf(state: MockState): Generator<readonly [name: string, secret: string]> {
  for (const { name, clientId, clientSecret } of state.consumers) {
    yield [`the client secret of ${name}`, clientSecret];
    yield [
      `the Basic credentials of ${name}`,
      toBase64Url(new TextEncoder().encode(`${clientId}:${clientSecret}`)),
    ];
  }
  for (const { username, password } of state.users) yield [`the password of ${username}`, password];
  for (const [token, { grantId, generation }] of state.accessTokens)
    yield [`the access token of ${grantId}, generation ${generation}`, token];
  for (const [token, { grantId, generation }] of state.refreshTokens)
    yield [`the refresh token of ${grantId}, generation ${generation}`, token];
  for (const [code, { verifier }] of state.codes) {
    yield ["an authorization code", code];
    if (verifier !== null) yield ["a code verifier", verifier];
  }
}

/** Base64 in both alphabets, without the padding: with it the text is longer, not different. */
function spellings(secret: string): readonly string[] {
  const base64url = toBase64Url(new TextEncoder().encode(secret));
  return [secret, encodeURIComponent(secret), base64url, base64url.replaceAll("-", "+").replaceAll("_", "/")];
}
