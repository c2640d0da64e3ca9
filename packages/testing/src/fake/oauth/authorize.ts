import {
  redirectAnswer,
  type Commit,
  type Ruling,
  htmlAnswer,
  type Answer,
  escapeHtml,
  htmlPage,
} from "../answers.js";
import type { IncomingRequest } from "../operation.js";
import type { Profile } from "../profiles.js";
import { randomToken } from "../secrets.js";
import type { User, Consumer } from "../seed.js";
import type { MockContext } from "../state.js";
import { openGrant } from "./grants.js";

/** What the user does on the consent page. */
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

/** What the user decided; `null` where it cannot be read, because a "Cancel" must never be taken for a grant. */
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

/** An authorize request that Bitbucket would show a consent page for. */
export interface AuthorizeRequest {
  readonly consumer: Consumer;
  readonly responseType: "code" | "token";
  /** The consumer's: the `scope` parameter counts for nothing. */
  readonly scopes: readonly string[];
  readonly state: string | null;
  /** As sent. */
  readonly redirectUri: string | null;
  /** Where the answer goes. */
  readonly callbackUrl: string;
  readonly codeChallenge: string | null;
}

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether `sent` may stand in for the consumer's one callback. */
export function isRegisteredCallback(profile: Profile, callbackUrl: string, sent: string): boolean {
  if (sent === callbackUrl) return true;
  if (profile.redirectUri === "prefix" && isBelow(callbackUrl, sent)) return true;
  if (profile.loopbackPort === "exact" || !URL.canParse(sent) || !URL.canParse(callbackUrl)) return false;
  const registered = new URL(callbackUrl);
  const given = new URL(sent);
  given.port = registered.port;
  return loopbackHosts.has(registered.hostname) && given.href === registered.href;
}

function isBelow(callbackUrl: string, sent: string): boolean {
  return sent.startsWith(callbackUrl) && /^[/?#]/.test(sent.slice(callbackUrl.replace(/\/$/, "").length));
}

const style = `
ul { margin: .5rem 0 1.5rem; padding-left: 1.2rem; }
li { margin: .2rem 0; }
.where { margin: 0 0 1rem; color: var(--muted); font-size: .9rem; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
select { width: 100%; min-height: 2.75rem; padding: .5rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--muted); border-radius: 6px; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { min-height: 2.75rem; padding: .5rem 1.2rem; font: inherit; font-weight: 600; color: inherit; background: transparent; border: 1px solid var(--muted); border-radius: 6px; cursor: pointer; }
button.primary { color: var(--on-action); background: var(--action); border-color: var(--action); }
@media (max-width: 32rem) { main { max-width: none; margin: 0; border: 0; border-radius: 0; padding: 1.25rem; } body { background: var(--card); } button { flex: 1 1 auto; padding: .5rem .8rem; white-space: nowrap; } }
`;

/** What an authorize request is read from. */
const askedFields = ["client_id", "response_type", "redirect_uri", "state", "code_challenge"];

/** The page that asks. One plain form: it works without JavaScript, and its names are stable for Playwright. */
function consentPage(
  { consumer, scopes: asked }: AuthorizeRequest,
  users: readonly User[],
  url: URL,
): Answer {
  const scopes = asked.map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`).join("");
  const options = users.map(
    ({ username, displayName }) =>
      `<option value="${escapeHtml(username)}">${escapeHtml(displayName)} (${escapeHtml(username)})</option>`,
  );
  // The address says it all. The fields are for programs that take an attribute as it stands, `&amp;` and all.
  const fields = askedFields.flatMap((field) => {
    const value = url.searchParams.get(field);
    return value === null ? [] : `<input type="hidden" name="${field}" value="${escapeHtml(value)}">\n`;
  });
  const name = escapeHtml(consumer.name);
  return htmlAnswer(
    200,
    htmlPage(
      `Grant access to ${consumer.name}?`,
      `<main>
<p class="where">A fake Bitbucket, for tests</p>
<h1>${name} asks for access to your account</h1>
<p id="scopes">It asks for these permissions:</p>
<ul aria-labelledby="scopes">${scopes}</ul>
<form method="post" action="${escapeHtml(url.pathname + url.search)}">
${fields.join("")}<label for="username">Sign in as</label>
<select id="username" name="username">${options.join("")}</select>
<div class="actions">
<button class="primary" name="decision" value="grant">Grant access</button>
<button name="decision" value="cancel">Cancel</button>
</div>
</form>
</main>`,
      style,
    ),
  );
}

/**
 * What a wrong authorize request meets: a page, because redirecting to an unknown address would hand out the code. The
 * reason is the fake's own help; Bitbucket gives none.
 */
function callbackErrorPage(reason: string): Answer {
  return htmlAnswer(
    400,
    htmlPage(
      "Invalid callback",
      `<main>
<h1>The app's callback URL is invalid</h1>
<p>Invalid redirect_uri. This integration is misconfigured. Contact the vendor for assistance.</p>
<p class="where">The fake says why: ${escapeHtml(reason)}.</p>
</main>`,
      style,
    ),
  );
}
