import {
  ApiRequestError,
  isBitbucketAuthError,
  readApiError,
  type AnyBitbucketAuthError,
  type TokenSet,
} from "@bitbucket-auth/core";
import { parseJson, withinTime } from "@bitbucket-auth/core/internal";
import type { CredentialKind, Identity, Verification } from "./credential.js";

/** Which route tells who a credential is. */
export interface IdentityQuestion {
  readonly route: string;
  /** The scope the route needs, where the credential may lack it. */
  readonly scope?: string | undefined;
  readonly workspace?: string | undefined;
  readonly repository?: string | undefined;
}

interface Subject {
  readonly kind: CredentialKind;
  readonly fetch: typeof globalThis.fetch;
  readonly question: IdentityQuestion;
  readonly expiresAt?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of a renewed kind: the tokens, which know scopes and expiry. */
  readonly tokens?: (() => Promise<TokenSet>) | undefined;
}

/** How long the whole question may take: token, answer and its body. */
const timeoutMs = 60_000;

/** Asks Bitbucket whose credential this is. Rejects when the failure says nothing about the credential. */
export async function verifyCredential(subject: Subject): Promise<Verification> {
  const call = `GET ${subject.question.route}`;
  const onTimeout = (): never => {
    throw notKnown(`Bitbucket did not answer ${call} within ${timeoutMs / 1000} s`);
  };
  try {
    return await withinTime((signal) => ask(subject, call, signal), {
      timeoutMs,
      signal: subject.signal,
      onTimeout,
    });
  } catch (error) {
    const verdict = isBitbucketAuthError(error) && !error.transient && judge(subject, error);
    if (verdict) return verdict;
    throw error;
  }
}

async function ask(subject: Subject, call: string, signal: AbortSignal): Promise<Verification> {
  const { kind, fetch, question } = subject;
  const tokens = await subject.tokens?.();
  const response = await fetch(question.route, { headers: { accept: "application/json" }, signal });
  if (!response.ok) throw await readApiError(response, { call, signal });
  const body = parseJson(await response.text());
  if (typeof body !== "object" || body === null) throw notKnown(`The answer to ${call} is no JSON object`);
  return {
    ok: true,
    kind,
    identity: readIdentity(body, question),
    scopes: readScopes(response.headers) ?? tokens?.scopes,
    expiresAt: tokens?.expiresAt ?? subject.expiresAt,
  };
}

function notKnown(what: string): ApiRequestError {
  return new ApiRequestError(`${what}: whether the credential works is not known. Try again.`, {
    transient: true,
    action: "retry",
  });
}

/** What a refusal means for this kind; `undefined` for a failure that is not about the credential. */
function judge(subject: Subject, error: AnyBitbucketAuthError): Verification | undefined {
  const { kind, question, expiresAt } = subject;
  const { message, action, status, description } = error;
  switch (error.code) {
    case "signed_out":
    case "refresh_rejected":
      return { ok: false, kind, problem: "signed_out", message, action };
    case "access_token_rejected":
    case "token_request_rejected":
      return { ok: false, kind, problem: "refused", message, action };
    case "scope_missing":
      // Only users have /2.0/user: a 403 there is what an access token gets that works.
      if (kind === "access_token" && question.workspace === undefined)
        return { ok: true, kind, scopes: error.granted, expiresAt };
      return {
        ok: false,
        kind,
        problem: "scope_missing",
        message: explainMissingScope(kind, question.scope ?? error.required.join(", ")),
        action: "add_scope",
        scopes: error.granted,
      };
    case "api_request_failed":
      // Without a word of Bitbucket's it is the page of a proxy, and says nothing of the credential.
      if ((status !== 403 && status !== 404) || description === undefined) return undefined;
      if (kind !== "access_token") return { ok: false, kind, problem: "refused", message, action };
      if (question.workspace === undefined) return status === 403 ? { ok: true, kind, expiresAt } : undefined;
      return {
        ok: false,
        kind,
        problem: "elsewhere",
        message: `Bitbucket accepts this access token, but not for ${placeOf(question)} (${status}): it belongs to another workspace, project or repository. Check workspace and repository, or use a token of that place.`,
        action: "fix_config",
      };
    default:
      return undefined;
  }
}

function explainMissingScope(kind: CredentialKind, scope: string): string {
  switch (kind) {
    case "api_token":
      return `This API token works but lacks ${scope}, so Bitbucket does not say whose it is. Make a new token with that scope: scopes cannot be added to one.`;
    case "access_token":
      return `This access token works but lacks the scope ${scope}. Make a new token with that scope: scopes cannot be added to one.`;
    case "oauth":
      return `This grant works but its consumer lacks the scope ${scope}. Add it to the consumer, then let the user sign in again.`;
    case "consumer":
      return `This consumer works but lacks the scope ${scope}. Add it in the consumer's settings at Bitbucket; the next token has it.`;
  }
}

/**
 * The next step after a 401 to a credential that cannot be renewed: one sentence. A known prefix explains a refusal and never
 * causes one: Bitbucket alone decides what it accepts.
 */
export function explainRefusal(
  kind: CredentialKind,
  token: string,
  scheme: "basic" | "bearer",
  email?: string,
): string {
  if (token.startsWith("ATBB")) {
    return "This is an app password (ATBB): Bitbucket removed them on 2026-07-28. Make an API token and use apiToken().";
  }
  if (kind === "api_token") {
    if (token.startsWith("ATCTT")) {
      return "This is an access token of a repository, project or workspace (ATCTT): use accessToken({ token }).";
    }
    if (scheme === "bearer") {
      return 'Bitbucket may refuse API tokens as bearer tokens: leave out scheme: "bearer". Else the token is expired or revoked: make a new one.';
    }
    if (email !== undefined && !email.includes("@")) {
      return "With an API token goes the email of the Atlassian account, not a user name: app passwords, which took one, ended on 2026-07-28.";
    }
    if (!token.startsWith("ATATT")) {
      return "An API token begins with ATATT and this token does not: an OAuth token goes with oauthCredential(), an access token with accessToken().";
    }
    return "Check that the email is the one of the Atlassian account that made the token, and that the token is neither expired nor revoked.";
  }
  if (token.startsWith("ATATT")) {
    return "This is an API token (ATATT), which Bitbucket refuses as a bearer token: send it with the account's email, apiToken({ email, token }) or basicAuth.";
  }
  if (token.startsWith("ATCTT")) {
    return "The access token is expired or revoked, or this endpoint does not accept access tokens: make a new one, or use an API token here.";
  }
  return "The token is expired or revoked. If it is an OAuth token, it lived two hours: oauthCredential() or createAuthenticatedAPI() renews it.";
}

function readIdentity(body: object, question: IdentityQuestion): Identity {
  const field = (name: string): string | undefined => {
    const value: unknown = Reflect.get(body, name);
    return typeof value === "string" ? value : undefined;
  };
  return {
    type: field("type") ?? "unknown",
    uuid: field("uuid"),
    displayName: field("display_name") ?? field("name"),
    ...(question.workspace !== undefined && { place: placeOf(question) }),
  };
}

function placeOf({ workspace, repository }: IdentityQuestion): string {
  return [workspace, repository].filter(Boolean).join("/");
}

/** `x-oauth-scopes` lists what was granted, separated by commas and spaces. */
function readScopes(headers: Headers): readonly string[] | undefined {
  return headers
    .get("x-oauth-scopes")
    ?.split(/[\s,]+/)
    .filter(Boolean);
}
