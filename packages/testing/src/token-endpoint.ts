import { authenticateClient } from "./client-authentication.js";
import { verifyConnectJwt } from "./connect-jwt.js";
import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import { oauthErrors, openIdPage, refusal, unsupportedGrantType } from "./oauth-errors.js";
import { codeChallenge } from "./pkce.js";
import type { Commit, Ruling } from "./ruling.js";
import type { Consumer } from "./seed.js";
import {
  deadRefreshToken,
  ruleOnClientCredentials,
  ruleOnCode,
  ruleOnConnectJwt,
  ruleOnPassword,
  ruleOnRefresh,
} from "./token-grants.js";

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
