import { jsonAnswer } from "./answer.js";
import { authenticateClient } from "./client-authentication.js";
import { revokeGrant } from "./grant-revocation.js";
import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import { oauthErrors, refusal } from "./oauth-errors.js";
import type { Commit } from "./ruling.js";

/**
 * `POST /site/oauth2/revoke`, where a profile asks for it: RFC 7009, because what Bitbucket does there is not known.
 * Either token of a grant ends the grant; a token nobody knows is no error.
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
