import {
  type Commit,
  type Ruling,
  type Answer,
  apiErrorAnswer,
  apiMessages,
  notFoundAnswer,
  removedAnswer,
} from "../answers.js";
import type { IncomingRequest } from "../operation.js";
import type { MockContext } from "../state.js";
import { toBase64 } from "../secrets.js";
import { authenticateApiCall, missingScope, type Caller } from "./authentication.js";
import { createReply, isRecord, type ApiRoute } from "./call.js";
import { hashOf } from "./content.js";
import { apiRoutes, removedPaths } from "./routes.js";

/** Everything below `/2.0`: who calls, whether the scopes allow it, then the resource. */
export function prepareApiRequest(
  context: MockContext,
  request: IncomingRequest,
  { strict, routes }: { readonly strict: boolean; readonly routes: readonly ApiRoute[] },
): Commit {
  const { apiCors } = context.profile;
  if (apiCors && isPreflight(request)) return () => ({ answer: preflightAnswer(request) });
  return () => {
    const ruling = ruleOnApiRequest(context, request, strict, routes);
    return apiCors ? { ...ruling, answer: readableAnywhere(ruling.answer) } : ruling;
  };
}

function ruleOnApiRequest(
  context: MockContext,
  request: IncomingRequest,
  strict: boolean,
  routes: readonly ApiRoute[],
): Ruling {
  const { profile, state, clock } = context;
  const caller = authenticateApiCall(context, request);
  const { clientId, grantId, generation } = caller;
  const facts = {
    ...(clientId !== undefined && { clientId }),
    ...(grantId !== undefined && { grantId }),
    ...(generation !== undefined && { generation }),
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
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = [...routes, ...apiRoutes].find(
    (known) => known.method === method && known.path.test(pathname),
  );
  if (found === undefined) {
    if (apiRoutes.some((known) => known.method === method && known.path.test(`${pathname}/`)))
      return { answer: notFoundAnswer(), facts, violation: `${pathname} needs a slash at its end` };
    const unknown = `the fake has no ${method} ${pathname}`;
    const how = `${unknown}. Add it in your test: mock.route("${method}", "${pathname}", { … })`;
    return { answer: strict ? apiErrorAnswer(501, how) : notFoundAnswer(), facts, violation: unknown };
  }

  const { credential } = caller;
  if (found.needsUser && credential !== undefined && credential.username === null) {
    const status = profile.accessTokenAtUser;
    const message = status === 401 ? apiMessages.invalid : apiMessages.mechanism;
    return { answer: apiErrorAnswer(status, message), facts };
  }
  const headers = scopeHeaders(caller, found.scope);
  const missing = found.scope === null ? null : missingScope(caller, found.scope);
  if (missing !== null) {
    const detail = { granted: caller.scopes, required: [missing] };
    return { answer: apiErrorAnswer(403, apiMessages.scope, detail, headers), facts };
  }
  if (method === "GET" && apiRoutes.includes(found) && isTooLong(request.url))
    return { answer: apiErrorAnswer(400, apiMessages.pagelen, undefined, headers), facts };
  const answer = found.answer({
    method,
    url: request.url,
    params: paramsOf(found.path, pathname),
    body: bodyOf(request),
    user: state.users.find(({ username }) => username === caller.username) ?? null,
    scopes: caller.scopes,
    reply: createReply,
    state,
    caller,
    now: new Date(clock.now()).toISOString().replace("Z", "000+00:00"),
    uploads: request.parts.map(([name, bytes]) => [name, toBase64(bytes)]),
  });
  const complete = withETag(request, { ...answer, headers: { ...answer.headers, ...headers } });
  return { answer: request.method === "HEAD" ? { ...complete, body: "" } : complete, facts };
}

/** Whether a page is asked for that is longer than Bitbucket gives: 100 items, of pull requests 50. */
function isTooLong({ pathname, searchParams }: URL): boolean {
  const longest = /\/pullrequests\/?$/.test(pathname) ? 50 : 100;
  const asked = Number(searchParams.get("pagelen") ?? 0);
  return asked > longest || asked < 0;
}

/** What the answer tells of the token: OAuth and access tokens always, API tokens not. */
function scopeHeaders(
  { scopes, credential }: Caller,
  scope: string | null,
): Readonly<Record<string, string>> {
  const kinds: Readonly<Record<string, string>> = {
    "api-token": "api_token",
    "repository-access-token": "repo_access_token",
    "project-access-token": "project_access_token",
    "workspace-access-token": "workspace_access_token",
  };
  const kind = credential && kinds[credential.kind];
  return {
    ...(credential?.kind !== "api-token" && {
      "x-oauth-scopes": scopes.join(", "),
      ...(scope !== null && { "x-accepted-oauth-scopes": scope }),
    }),
    ...(kind !== undefined && { "x-credential-type": kind }),
  };
}

/** The answer with an entity tag, or 304 to a client that has it (RFC 9110 section 13.1.2). */
function withETag(request: IncomingRequest, answer: Answer): Answer {
  if (answer.status !== 200 || request.method !== "GET" || typeof answer.body !== "string") return answer;
  const etag = `"${hashOf(answer.body).slice(0, 16)}"`;
  const headers = { ...answer.headers, etag };
  if (request.headers.get("if-none-match") !== etag) return { ...answer, headers };
  return { status: 304, headers: { etag }, body: "" };
}

/** The members of a JSON body or a form. What is neither has none. */
function bodyOf({ body, form }: IncomingRequest): Readonly<Record<string, unknown>> {
  if (!body.startsWith("{")) return Object.fromEntries(form);
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function paramsOf(path: RegExp, pathname: string): Readonly<Record<string, string>> {
  const groups = path.exec(pathname)?.groups ?? {};
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeSegment(value)]));
}

/** A path segment as meant; as sent when it is not well-formed. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** What lets a page of any origin read an answer: the token is in a header, so there is no cookie to abuse. */
const open = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-oauth-scopes, x-accepted-oauth-scopes, x-credential-type, retry-after, location, etag",
};

/** Whether a browser only asks what it may send (the Fetch standard's CORS-preflight request). */
function isPreflight(request: IncomingRequest): boolean {
  return request.method === "OPTIONS" && request.headers.has("access-control-request-method");
}

function preflightAnswer(request: IncomingRequest): Answer {
  const asked = request.headers.get("access-control-request-headers") ?? "authorization";
  const allowed = {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
    "access-control-allow-headers": asked,
  };
  return { status: 204, headers: { ...open, ...allowed }, body: "" };
}

function readableAnywhere(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...open } };
}
