import type { Answer } from "./answer.js";
import { apiErrorAnswer, apiMessages, basicRefusedAnswer } from "./api-errors.js";
import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import type { GrantState } from "./mock-state.js";

/** Who calls the API, or how the call is refused. */
export type ApiCaller =
  | { readonly grant: GrantState; readonly generation: number }
  | {
      readonly refused: Answer;
      readonly violation?: string;
      readonly grant?: GrantState;
      readonly generation?: number;
    };

/** Reads the access token. Bearer only, spelt like that: a lower-case scheme is refused. */
export function authenticateApiCall(context: MockContext, request: IncomingRequest): ApiCaller {
  const header = request.headers.get("authorization");
  const loose = request.url.searchParams.get("access_token") ?? request.form.get("access_token");
  const invalid = apiErrorAnswer(401, apiMessages.invalid);
  if (header?.startsWith("Basic ")) return { refused: basicRefusedAnswer() };
  if (header !== null) {
    const [, token] = /^Bearer (\S+)$/.exec(header) ?? [];
    if (token !== undefined) return recogniseToken(context, token);
    return {
      refused: invalid,
      violation: "the API takes `Authorization: Bearer <token>` in this spelling only",
    };
  }
  if (loose === null) return { refused: invalid };
  if (context.profile.tokenInQuery === "accepted") return recogniseToken(context, loose);
  return { refused: invalid, violation: "an access token belongs in the Authorization header only" };
}

function recogniseToken({ state, clock }: MockContext, token: string): ApiCaller {
  const access = state.accessTokens.get(token);
  const grant = access && state.grants.get(access.grantId);
  if (access === undefined || grant === undefined)
    return { refused: apiErrorAnswer(401, apiMessages.invalid) };
  const { generation } = access;
  if (access.revokedAt !== null && clock.now() >= access.revokedAt)
    return { refused: apiErrorAnswer(401, apiMessages.invalid), grant, generation };
  if (clock.now() < access.expiresAt) return { grant, generation };
  const { counters } = state;
  const wording =
    apiMessages.expired[counters.expiredAnswers % apiMessages.expired.length] ?? apiMessages.expired[0];
  counters.expiredAnswers += 1;
  return { refused: apiErrorAnswer(401, wording), grant, generation };
}
