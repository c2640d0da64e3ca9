import { authenticateApiCall } from "./api-authentication.js";
import { isPreflight, preflightAnswer, readableAnywhere } from "./api-cors.js";
import { apiErrorAnswer, apiMessages, notFoundAnswer, removedAnswer } from "./api-errors.js";
import { apiRoutes, removedPaths } from "./api-routes.js";
import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import type { Commit, Ruling } from "./ruling.js";
import { covers } from "./scopes.js";

/** Everything below `/2.0`: who calls, whether the scopes allow it, then the resource. */
export function prepareApiRequest(context: MockContext, request: IncomingRequest, strict: boolean): Commit {
  const { apiCors } = context.profile;
  if (apiCors && isPreflight(request)) return () => ({ answer: preflightAnswer(request) });
  return () => {
    const ruling = ruleOnApiRequest(context, request, strict);
    return apiCors ? { ...ruling, answer: readableAnywhere(ruling.answer) } : ruling;
  };
}

function ruleOnApiRequest(context: MockContext, request: IncomingRequest, strict: boolean): Ruling {
  const caller = authenticateApiCall(context, request);
  const facts = {
    ...(caller.grant && { clientId: caller.grant.clientId, grantId: caller.grant.id }),
    ...(caller.generation !== undefined && { generation: caller.generation }),
  };
  if ("refused" in caller)
    return {
      answer: caller.refused,
      facts,
      ...(caller.violation !== undefined && { violation: caller.violation }),
    };

  const { pathname } = request.url;
  if (removedPaths.some((path) => path.test(pathname)))
    return { answer: removedAnswer(), facts, violation: `${pathname} was removed by CHANGE-2770` };
  const route = apiRoutes.find(({ path }) => path.test(pathname));
  if (route === undefined || request.method !== "GET") {
    const unknown = `the fake has no ${request.method} ${pathname}`;
    return { answer: strict ? apiErrorAnswer(501, unknown) : notFoundAnswer(), facts, violation: unknown };
  }

  const { grant } = caller;
  const scopeHeaders = {
    "x-oauth-scopes": grant.scopes.join(", "),
    ...(route.scope !== null && { "x-accepted-oauth-scopes": route.scope }),
  };
  if (route.scope !== null && !covers(grant.scopes, route.scope)) {
    const detail = { granted: grant.scopes, required: [route.scope] };
    return { answer: apiErrorAnswer(403, apiMessages.scope, detail, scopeHeaders), facts };
  }
  const answer = route.answer({
    state: context.state,
    grant,
    user: context.state.users.find(({ username }) => username === grant.username) ?? null,
    url: request.url,
    parts: (route.path.exec(pathname) ?? []).slice(1).map(decodeSegment),
  });
  return { answer: { ...answer, headers: { ...answer.headers, ...scopeHeaders } }, facts };
}

/** A path segment as meant; as sent when it is not well-formed. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
