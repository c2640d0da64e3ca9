import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import type { Consumer } from "./seed.js";

/** Who is calling the token endpoint. */
export type ClientAuthentication =
  | { readonly kind: "consumer"; readonly consumer: Consumer }
  | { readonly kind: "none"; readonly bodyCredentialsIgnored: boolean }
  | { readonly kind: "wrong"; readonly clientId: string }
  | { readonly kind: "unreadable" }
  | { readonly kind: "wrong-scheme"; readonly scheme: string };

/** Reads the Basic header, or the form's credentials where the profile takes them (RFC 6749 section 2.3.1). */
export function authenticateClient(
  { state, profile }: MockContext,
  request: IncomingRequest,
): ClientAuthentication {
  const header = request.headers.get("authorization");
  const identify = (clientId: string, isSecret: (secret: string) => boolean): ClientAuthentication => {
    const consumer = state.consumers.find(
      (known) => known.clientId === clientId && isSecret(known.clientSecret),
    );
    return consumer ? { kind: "consumer", consumer } : { kind: "wrong", clientId };
  };
  if (header === null) {
    const clientId = request.form.get("client_id");
    const clientSecret = request.form.get("client_secret");
    if (clientId === null || clientSecret === null) return { kind: "none", bodyCredentialsIgnored: false };
    if (!profile.bodyCredentials) return { kind: "none", bodyCredentialsIgnored: true };
    return identify(clientId, (secret) => secret === clientSecret);
  }
  const [scheme = "", encoded = ""] = header.split(" ");
  if (scheme.toLowerCase() !== "basic") return { kind: "wrong-scheme", scheme };
  const [, sentId, sentSecret] = /^([^:]*):(.*)$/s.exec(decodeBase64(encoded) ?? "") ?? [];
  if (sentId === undefined || sentSecret === undefined) return { kind: "unreadable" };
  // Note: clients disagree on whether the two are form-encoded first, and nobody has seen which Bitbucket wants.
  return identify(
    formDecoded(sentId),
    (secret) => secret === sentSecret || secret === formDecoded(sentSecret),
  );
}

function decodeBase64(text: string): string | null {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text.replaceAll("&", "%26")}`).get("value") ?? text;
}
