import { redirectAnswer } from "./answer.js";
import type { AuthorizeRequest } from "./authorize-request.js";
import { callbackErrorPage, consentPage } from "./consent-page.js";
import { openGrant } from "./grant-state.js";
import type { IncomingRequest } from "./incoming-request.js";
import type { MockContext } from "./mock-context.js";
import { randomToken } from "./random-token.js";
import { isRegisteredCallback } from "./redirect-uri.js";
import type { Commit, Ruling } from "./ruling.js";
import type { User } from "./seed.js";

/** What the person in front of the consent page does. */
export type ConsentDecision = { readonly grantedBy: User } | "cancelled";

/**
 * `GET /site/oauth2/authorize` shows the consent page, `POST` is its form.
 *
 * `mock_user` in the query, or `autoApprove`, answers the page at once.
 */
export function prepareAuthorizeRequest(
  context: MockContext,
  request: IncomingRequest,
  autoApprove: string | boolean,
): Commit {
  return () => {
    const query = new URLSearchParams([...request.url.searchParams, ...request.form]);
    const read = readAuthorizeRequest(context, query);
    if ("refused" in read) return read.refused;
    const { authorize } = read;
    const facts = { clientId: authorize.consumer.clientId };
    const decision =
      request.method === "POST"
        ? decisionOfForm(context, request)
        : automaticDecision(context, query.get("mock_user") ?? autoApprove);
    if (decision === null) return { answer: consentPage(authorize, context.state.users, request.url), facts };
    return { answer: redirectAnswer(302, decideConsent(context, authorize, decision).href), facts };
  };
}

/** Checks an authorize request as Bitbucket does: what it refuses is a page, never a redirect. */
export function readAuthorizeRequest(
  { state, profile }: MockContext,
  query: URLSearchParams,
): { readonly authorize: AuthorizeRequest } | { readonly refused: Ruling } {
  const consumer = state.consumers.find((known) => known.clientId === query.get("client_id"));
  if (consumer === undefined) return refused("no consumer has this client_id");
  const { callbackUrl } = consumer;
  if (callbackUrl === null) return refused("the consumer has no callback URL");
  const redirectUri = query.get("redirect_uri");
  if (redirectUri !== null && !isRegisteredCallback(profile, callbackUrl, redirectUri))
    return refused("redirect_uri is not the consumer's callback URL");
  const responseType = query.get("response_type");
  if (responseType !== "code" && !(responseType === "token" && profile.implicitGrant))
    return refused(`response_type ${responseType ?? "(none)"} is not supported`);
  return {
    authorize: {
      consumer,
      responseType,
      scopes: consumer.scopes,
      state: query.get("state"),
      redirectUri,
      callbackUrl: redirectUri ?? callbackUrl,
      codeChallenge: query.get("code_challenge"),
    },
  };
}

/** Carries out a decision and answers where the browser goes next. */
export function decideConsent(
  context: MockContext,
  authorize: AuthorizeRequest,
  decision: ConsentDecision,
): URL {
  const location = new URL(authorize.callbackUrl);
  const answer: Record<string, string> =
    decision === "cancelled"
      ? { error: "access_denied", error_description: "The resource owner denied the request" }
      : authorize.responseType === "token"
        ? implicitAnswer(context, authorize, decision.grantedBy)
        : { code: issueCode(context, authorize, decision.grantedBy) };
  if (authorize.state !== null) answer["state"] = authorize.state;
  if (authorize.responseType === "token") location.hash = new URLSearchParams(answer).toString();
  else for (const [name, value] of Object.entries(answer)) location.searchParams.set(name, value);
  return location;
}

function refused(violation: string): { readonly refused: Ruling } {
  return { refused: { answer: callbackErrorPage(violation), violation } };
}

function issueCode({ state, clock, profile }: MockContext, authorize: AuthorizeRequest, user: User): string {
  const code = randomToken(18);
  state.codes.set(code, {
    clientId: authorize.consumer.clientId,
    username: user.username,
    scopes: authorize.scopes,
    redirectUri: authorize.redirectUri,
    codeChallenge: authorize.codeChallenge,
    expiresAt: clock.now() + profile.codeLifeMs,
    grantId: null,
    verifier: null,
  });
  return code;
}

function implicitAnswer(
  context: MockContext,
  { consumer, scopes }: AuthorizeRequest,
  user: User,
): Record<string, string> {
  const { clientId } = consumer;
  const issued = openGrant(context, { clientId, username: user.username, scopes, refreshable: false });
  return {
    access_token: issued.accessToken,
    expires_in: String(issued.expiresInMs / 1_000),
    token_type: "bearer",
    scopes: scopes.join(" "),
  };
}

/** What the person decided; `null` where it cannot be read, because a "Cancel" must never be taken for a grant. */
function decisionOfForm(context: MockContext, { form, body }: IncomingRequest): ConsentDecision | null {
  // A form that names no button was sent by the Enter key, which stands for the first. A body that is no form says nothing.
  const decision = form.get("decision") ?? (body === "" || form.size > 0 ? "grant" : null);
  if (decision === "cancel") return "cancelled";
  return decision === "grant" ? automaticDecision(context, form.get("username") ?? true) : null;
}

function automaticDecision({ state }: MockContext, approve: string | boolean): ConsentDecision | null {
  const grantedBy =
    typeof approve === "string"
      ? state.users.find((user) => user.username === approve)
      : approve && state.users[0];
  return grantedBy ? { grantedBy } : null;
}
