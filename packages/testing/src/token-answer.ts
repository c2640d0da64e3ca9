import { jsonAnswer, type Answer } from "./answer.js";
import type { IssuedTokens } from "./grant-state.js";
import type { GrantType } from "./grant-type.js";
import type { MockContext } from "./mock-context.js";

/** A successful token response. Its members come in an order that changes from answer to answer, as Bitbucket's do. */
export function tokenAnswer({ profile }: MockContext, issued: IssuedTokens, grantType: GrantType): Answer {
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
