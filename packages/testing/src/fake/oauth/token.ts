import {
  type Commit,
  type Ruling,
  jsonAnswer,
  type Answer,
  oauthErrors,
  openIdPage,
  refusal,
  unsupportedGrantType,
  type OAuthErrorBody,
} from "../answers.js";
import type { IncomingRequest, GrantType } from "../operation.js";
import { toBase64Url, basicCredentials, fromBase64Url } from "../secrets.js";
import type { Consumer } from "../seed.js";
import type { MockContext } from "../state.js";
import { openGrant, redeemRefreshToken, type IssuedTokens, revokeGrant } from "./grants.js";

/** `POST /site/oauth2/access_token`: reads the request, and leaves the change to the commit. */
export async function prepareTokenRequest(context: MockContext, request: IncomingRequest): Promise<Commit> {
  const verifier = request.form.get("code_verifier");
  const challenge = verifier === null ? null : await codeChallenge(verifier);
  const [, jwt] = /^JWT (\S+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
  const { state, clock } = context;
  const app = jwt === undefined ? null : await verifyConnectJwt(jwt, state.consumers, clock.now());
  return () =>
    jwt !== undefined && request.form.get("grant_type") === "urn:bitbucket:oauth2:jwt"
      ? ruleOnConnectJwt(context, app)
      : ruleOnTokenRequest(context, request, challenge);
}

function ruleOnTokenRequest(
  context: MockContext,
  request: IncomingRequest,
  challenge: string | null,
): Ruling {
  const { form } = request;
  const client = authenticateClient(context, request);
  if (client.kind === "wrong-scheme")
    return { answer: openIdPage(), violation: `the token endpoint takes Basic, not ${client.scheme}` };
  const grantType = form.get("grant_type");
  if (grantType === null)
    return refusal(oauthErrors.noGrantType, {}, "no grant_type in a form-encoded body; JSON is not read");
  if (!isSupported(context, grantType))
    return refusal(unsupportedGrantType(grantType), {}, `the grant type ${grantType} is not supported`);
  if (client.kind === "none") {
    const violation = client.bodyCredentialsIgnored
      ? "client credentials belong in the Basic header"
      : "no client credentials";
    return refusal(oauthErrors.noCredentials, {}, violation);
  }
  if (client.kind !== "consumer") return refusal(oauthErrors.wrongCredentials);
  const { consumer } = client;
  const facts = { clientId: consumer.clientId };
  if (consumer.callbackUrl === null) return refusal(oauthErrors.noCallback, facts);
  const lockedOut = isLockedOut(context, consumer, grantType);
  if (grantType === "refresh_token") return ruleOnRefresh(context, consumer, form, lockedOut);
  if (lockedOut) return refusal(deadRefreshToken(context), facts);
  if (grantType === "authorization_code") return ruleOnCode(context, consumer, form, challenge);
  if (grantType === "password") return ruleOnPassword(context, consumer, form);
  return ruleOnClientCredentials(context, consumer);
}

function isSupported({ profile }: MockContext, grantType: string): boolean {
  if (grantType === "password") return profile.passwordGrant;
  return (
    grantType === "authorization_code" || grantType === "refresh_token" || grantType === "client_credentials"
  );
}

function isLockedOut({ state, clock, profile }: MockContext, consumer: Consumer, grantType: string): boolean {
  if (profile.lockoutCovers === "refresh" && grantType !== "refresh_token") return false;
  return clock.now() < (state.lockedUntil.get(consumer.clientId) ?? 0);
}

function ruleOnRefresh(
  context: MockContext,
  consumer: Consumer,
  form: URLSearchParams,
  lockedOut: boolean,
): Ruling {
  const { clientId } = consumer;
  const redemption = redeemRefreshToken(context, clientId, form.get("refresh_token") ?? "", lockedOut);
  const facts = {
    clientId,
    ...(redemption.generation !== null && { generation: redemption.generation }),
  };
  if (redemption.kind === "dead") {
    const { state, clock, profile } = context;
    // What is sent during a lockout does not prolong it, or a client that asks often would never get out.
    if (!lockedOut) state.lockedUntil.set(clientId, clock.now() + profile.lockoutMs);
    const grant = redemption.grant && { grantId: redemption.grant.id };
    return refusal(deadRefreshToken(context), {
      ...facts,
      ...grant,
      ...(redemption.reused && { reused: true }),
    });
  }
  const { issued, leeway } = redemption;
  return {
    answer: tokenAnswer(context, issued, "refresh_token"),
    facts: { ...facts, grantId: issued.grant.id, ...(leeway && { leeway }) },
  };
}

function ruleOnCode(
  context: MockContext,
  consumer: Consumer,
  form: URLSearchParams,
  challenge: string | null,
): Ruling {
  const { state, clock, profile } = context;
  const facts = { clientId: consumer.clientId };
  const code = state.codes.get(form.get("code") ?? "");
  if (code === undefined || code.clientId !== consumer.clientId) return refusal(oauthErrors.badCode, facts);
  code.verifier = form.get("code_verifier");
  if (code.grantId !== null)
    return refusal(oauthErrors.badCode, { ...facts, grantId: code.grantId }, "a code was used twice");
  if (clock.now() >= code.expiresAt) return refusal(oauthErrors.badCode, facts);
  if (form.get("redirect_uri") !== code.redirectUri)
    return refusal(oauthErrors.badCode, facts, "redirect_uri differs from the authorize request");
  if (profile.pkce === "verified" && challenge !== code.codeChallenge)
    return refusal(oauthErrors.badCode, facts, "code_verifier does not fit the code_challenge");
  const issued = openGrant(context, { ...code, refreshable: true });
  code.grantId = issued.grant.id;
  return {
    answer: tokenAnswer(context, issued, "authorization_code"),
    facts: { ...facts, grantId: issued.grant.id },
  };
}

function ruleOnClientCredentials(context: MockContext, consumer: Consumer): Ruling {
  const { clientId, scopes } = consumer;
  if (!consumer.private) return refusal(oauthErrors.publicConsumer, { clientId });
  const asOwner = context.profile.clientCredentials === "owner-with-refresh-token";
  const username = asOwner ? (context.state.users[0]?.username ?? null) : null;
  const issued = openGrant(context, { clientId, username, scopes, refreshable: asOwner });
  return {
    answer: tokenAnswer(context, issued, "client_credentials"),
    facts: { clientId, grantId: issued.grant.id },
  };
}

function ruleOnPassword(context: MockContext, consumer: Consumer, form: URLSearchParams): Ruling {
  const { clientId, scopes } = consumer;
  const user = context.state.users.find(
    (known) => known.username === form.get("username") && known.password === form.get("password"),
  );
  if (user === undefined) return refusal(oauthErrors.wrongCredentials, { clientId });
  const issued = openGrant(context, { clientId, username: user.username, scopes, refreshable: true });
  return { answer: tokenAnswer(context, issued, "password"), facts: { clientId, grantId: issued.grant.id } };
}

/** A Connect app by its own JWT: it acts as itself, and simply asks again later. */
function ruleOnConnectJwt(context: MockContext, app: Consumer | null): Ruling {
  if (app === null) return refusal(oauthErrors.wrongCredentials);
  const { clientId, scopes } = app;
  const issued = openGrant(context, { clientId, username: null, scopes, refreshable: false });
  return {
    answer: tokenAnswer(context, issued, "urn:bitbucket:oauth2:jwt"),
    facts: { clientId, grantId: issued.grant.id },
  };
}

/** What a refresh token that is no longer good is answered with. */
function deadRefreshToken({ profile }: MockContext): OAuthErrorBody {
  if (profile.deadRefreshToken === "invalid_request") return oauthErrors.legacyDeadRefreshToken;
  const { error_description: description } = oauthErrors.wrongCredentials;
  return profile.deadRefreshToken === "invalid_grant"
    ? { error_description: oauthErrors.legacyDeadRefreshToken.error_description, error: "invalid_grant" }
    : { error_description: description, error: "unauthorized_client" };
}

/** A successful token response. Its members come in an order that changes from answer to answer, as Bitbucket's do. */
function tokenAnswer({ profile }: MockContext, issued: IssuedTokens, grantType: GrantType): Answer {
  const members: [string, unknown][] = [
    ["access_token", issued.accessToken],
    ["expires_in", Math.floor(issued.expiresInMs / 1_000)],
  ];
  const scope = issued.grant.scopes.join(" ");
  if (profile.scopeField !== "none") members.unshift([profile.scopeField, scope]);
  if (profile.tokenTypeField === "present") members.push(["token_type", "bearer"]);
  if (profile.stateEcho) members.push(["state", grantType]);
  if (issued.refreshToken !== null) members.push(["refresh_token", issued.refreshToken]);
  const turn = issued.grant.generation % members.length;
  return jsonAnswer(200, Object.fromEntries([...members.slice(turn), ...members.slice(0, turn)]));
}

/** The S256 challenge of a code verifier (RFC 7636 section 4.2). */
export async function codeChallenge(verifier: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return toBase64Url(new Uint8Array(digest));
}

/**
 * `POST /site/oauth2/revoke`, where a profile asks for it: RFC 7009, because what Bitbucket does there is not known.
 * Either token of a grant ends the grant; an unknown token is no error.
 */
export function prepareRevokeRequest(context: MockContext, request: IncomingRequest): Commit {
  return () => {
    const client = authenticateClient(context, request);
    if (client.kind !== "consumer") return refusal(oauthErrors.wrongCredentials);
    const { clientId } = client.consumer;
    const token = request.form.get("token") ?? "";
    const { state } = context;
    const grantId = (state.refreshTokens.get(token) ?? state.accessTokens.get(token))?.grantId;
    const grant = grantId === undefined ? undefined : state.grants.get(grantId);
    if (grant?.clientId !== clientId) return { answer: jsonAnswer(200, {}), facts: { clientId } };
    revokeGrant(context, grant);
    return { answer: jsonAnswer(200, {}), facts: { clientId, grantId: grant.id } };
  };
}

/** Who is calling the token endpoint. */
export type ClientAuthentication =
  | { readonly kind: "consumer"; readonly consumer: Consumer }
  | { readonly kind: "none"; readonly bodyCredentialsIgnored: boolean }
  | { readonly kind: "wrong"; readonly clientId: string }
  | { readonly kind: "unreadable" }
  | { readonly kind: "wrong-scheme"; readonly scheme: string };

/** Reads the Basic header, or the form's credentials where the profile takes them (RFC 6749 section 2.3.1). */
function authenticateClient({ state, profile }: MockContext, request: IncomingRequest): ClientAuthentication {
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
  const sent = basicCredentials(encoded);
  if (sent === undefined) return { kind: "unreadable" };
  // Clients disagree on whether the two are form-encoded first, and it is not known which Bitbucket wants.
  return identify(
    formDecoded(sent.username),
    (secret) => secret === sent.password || secret === formDecoded(sent.password),
  );
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text.replaceAll("&", "%26")}`).get("value") ?? text;
}

/** The claims of a Connect app's own JWT that the fake looks at. */
interface ConnectClaims {
  readonly iss: string;
  readonly exp: number;
}

/**
 * A JWT as a Connect app signs it with its shared secret (HS256). The consumer stands in for the app: its client id is
 * the issuer, its secret the shared secret.
 */
export async function signConnectJwt(
  { clientId, clientSecret }: Consumer,
  expiresAt: number,
): Promise<string> {
  const header = encode({ alg: "HS256", typ: "JWT" });
  const claims: ConnectClaims = { iss: clientId, exp: Math.floor(expiresAt / 1_000) };
  const signed = `${header}.${encode(claims)}`;
  const key = await importSecret(clientSecret, "sign");
  const signature = await globalThis.crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}

/** The consumer whose valid JWT this is; `null` when its issuer is unknown, or it is wrongly signed or expired. */
async function verifyConnectJwt(
  jwt: string,
  consumers: readonly Consumer[],
  now: number,
): Promise<Consumer | null> {
  const [, signed, claims, signature] = /^([\w-]+\.([\w-]+))\.([\w-]+)$/.exec(jwt) ?? [];
  if (signed === undefined || claims === undefined || signature === undefined) return null;
  const { iss, exp } = readClaims(claims);
  const consumer = consumers.find(({ clientId }) => clientId === iss);
  if (consumer === undefined || exp * 1_000 <= now) return null;
  const key = await importSecret(consumer.clientSecret, "verify");
  const bytes = new TextEncoder().encode(signed);
  return (await globalThis.crypto.subtle.verify("HMAC", key, fromBase64Url(signature), bytes))
    ? consumer
    : null;
}

function readClaims(claims: string): ConnectClaims {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(claims)));
    if (typeof parsed === "object" && parsed !== null && "iss" in parsed && "exp" in parsed)
      return { iss: String(parsed.iss), exp: Number(parsed.exp) };
  } catch {
    // Not JSON: no claims.
  }
  return { iss: "", exp: 0 };
}

function importSecret(secret: string, use: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return globalThis.crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [use]);
}

function encode(value: object): string {
  return toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
}
