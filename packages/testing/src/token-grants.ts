import { openGrant } from "./grant-state.js";
import type { MockContext } from "./mock-context.js";
import { oauthErrors, refusal, type OAuthErrorBody } from "./oauth-errors.js";
import { redeemRefreshToken } from "./refresh-redemption.js";
import type { Ruling } from "./ruling.js";
import type { Consumer } from "./seed.js";
import { tokenAnswer } from "./token-answer.js";

export function ruleOnRefresh(
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
    // Note: what is sent during a lockout does not prolong it, or a client that asks often would never get out.
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

export function ruleOnCode(
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

export function ruleOnClientCredentials(context: MockContext, consumer: Consumer): Ruling {
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

export function ruleOnPassword(context: MockContext, consumer: Consumer, form: URLSearchParams): Ruling {
  const { clientId, scopes } = consumer;
  const user = context.state.users.find(
    (known) => known.username === form.get("username") && known.password === form.get("password"),
  );
  if (user === undefined) return refusal(oauthErrors.wrongCredentials, { clientId });
  const issued = openGrant(context, { clientId, username: user.username, scopes, refreshable: true });
  return { answer: tokenAnswer(context, issued, "password"), facts: { clientId, grantId: issued.grant.id } };
}

/** A Connect app by its own JWT: it acts as itself, and simply asks again later. */
export function ruleOnConnectJwt(context: MockContext, app: Consumer | null): Ruling {
  if (app === null) return refusal(oauthErrors.wrongCredentials);
  const { clientId, scopes } = app;
  const issued = openGrant(context, { clientId, username: null, scopes, refreshable: false });
  return {
    answer: tokenAnswer(context, issued, "urn:bitbucket:oauth2:jwt"),
    facts: { clientId, grantId: issued.grant.id },
  };
}

/** What a refresh token that is no longer good is answered with. */
export function deadRefreshToken({ profile }: MockContext): OAuthErrorBody {
  if (profile.deadRefreshToken === "invalid_request") return oauthErrors.legacyDeadRefreshToken;
  const { error_description: description } = oauthErrors.wrongCredentials;
  return profile.deadRefreshToken === "invalid_grant"
    ? { error_description: oauthErrors.legacyDeadRefreshToken.error_description, error: "invalid_grant" }
    : { error_description: description, error: "unauthorized_client" };
}
