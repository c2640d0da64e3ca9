import { type Answer, apiErrorAnswer, apiMessages, basicRefusedAnswer } from "../answers.js";
import type { IncomingRequest } from "../operation.js";
import { basicCredentials } from "../secrets.js";
import type { CredentialState, MockContext } from "../state.js";

/** Who calls the API, an archive or a Git repository. */
export interface Caller {
  readonly scopes: readonly string[];
  /** The user it acts as; `null` for a consumer or a resource. */
  readonly username: string | null;
  /** Absent: an OAuth access token. */
  readonly credential?: CredentialState;
  readonly clientId?: string;
  readonly grantId?: string;
  readonly generation?: number;
}

/** A call that is not let in: the answer, and what the client did wrong by any reading. */
export interface RefusedCaller extends Pick<Caller, "clientId" | "grantId" | "generation"> {
  readonly refused: Answer;
  readonly violation?: string;
}

/** Reads the `Authorization` header: Bearer, spelt like that, for OAuth and access tokens; Basic for API tokens. */
export function authenticateApiCall(context: MockContext, request: IncomingRequest): Caller | RefusedCaller {
  const header = request.headers.get("authorization");
  const loose = request.url.searchParams.get("access_token") ?? request.form.get("access_token");
  const invalid = apiErrorAnswer(401, apiMessages.invalid);
  if (header?.startsWith("Basic ")) return recogniseBasic(context, header.slice("Basic ".length));
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

/** A token that stands for itself: of OAuth, or an access token of a repository, project or workspace. */
export function recogniseToken(context: MockContext, token: string): Caller | RefusedCaller {
  const { state, clock, profile } = context;
  const invalid = apiErrorAnswer(401, apiMessages.invalid);
  const credential = state.credentials.get(token);
  if (credential !== undefined) {
    if (credential.username === null || profile.apiTokenAsBearer === "accepted")
      return liveCaller(context, credential) ?? { refused: invalid };
    return { refused: invalid, violation: wrongUse(credential, "Bearer") };
  }
  const access = state.accessTokens.get(token);
  const grant = access && state.grants.get(access.grantId);
  if (access === undefined || grant === undefined) return { refused: invalid };
  const { generation } = access;
  const { id: grantId, clientId } = grant;
  if (access.revokedAt !== null && clock.now() >= access.revokedAt)
    return { refused: invalid, clientId, grantId, generation };
  if (clock.now() < access.expiresAt)
    return { scopes: grant.scopes, username: grant.username, clientId, grantId, generation };
  const { counters } = state;
  const wording =
    apiMessages.expired[counters.expiredAnswers % apiMessages.expired.length] ?? apiMessages.expired[0];
  counters.expiredAnswers += 1;
  return { refused: apiErrorAnswer(401, wording), clientId, grantId, generation };
}

/** Basic at the API: an API token with its owner's e-mail address, and app passwords before they were removed. */
function recogniseBasic(context: MockContext, encoded: string): Caller | RefusedCaller {
  const refused = basicRefusedAnswer();
  const { username, password } = basicCredentials(encoded) ?? {};
  const credential = password === undefined ? undefined : context.state.credentials.get(password);
  if (credential === undefined) return { refused };
  if (credential.kind === "app-password" && context.profile.appPasswords === "removed")
    return { refused, violation: "app passwords were removed on 2026-07-28: use an API token" };
  if (username?.toLowerCase() !== credential.apiUsername?.toLowerCase())
    return { refused, violation: wrongUse(credential, "Basic") };
  return liveCaller(context, credential) ?? { refused };
}

/** The caller behind a static credential; `undefined` when it was revoked or has expired. */
export function liveCaller({ clock }: MockContext, credential: CredentialState): Caller | undefined {
  const { revoked, expiresAt = Number.POSITIVE_INFINITY, scopes, username } = credential;
  return revoked || clock.now() >= expiresAt ? undefined : { scopes, username, credential };
}

function wrongUse({ kind }: CredentialState, scheme: "Basic" | "Bearer"): string {
  if (kind === "api-token")
    return `an API token goes to the API as Basic with the owner's e-mail address, not as ${scheme} like this`;
  if (kind === "app-password") return "an app password was Basic with the user name";
  return "an access token of a repository, project or workspace is Bearer at the API";
}

/** What holding a scope also gives, one step at a time. Scopes that are not named give only themselves. */
const implied: Readonly<Record<string, readonly string[]>> = {
  "account:write": ["account"],
  account: ["email"],
  project: ["repository"],
  "repository:write": ["repository"],
  pullrequest: ["repository"],
  "pullrequest:write": ["pullrequest", "repository:write"],
  "team:write": ["team"],
  "issue:write": ["issue"],
  "snippet:write": ["snippet"],
  "pipeline:write": ["pipeline"],
  "pipeline:variable": ["pipeline:write"],
  "runner:write": ["runner"],
  "test:write": ["test"],
};

/** Whether the granted scopes include `required`, by themselves or by implication. */
export function covers(granted: readonly string[], required: string): boolean {
  return granted.some((scope) => scope === required || covers(implied[scope] ?? [], required));
}

/** The scope an API token needs where OAuth needs `scope`. Among these, write does not imply read. */
function apiTokenScope(scope: string): string {
  const [resource = "", verb = "read"] = scope.split(":");
  if (resource === "account" || resource === "email")
    return `${verb === "write" ? "write" : "read"}:user:bitbucket`;
  if (resource === "team") return "read:workspace:bitbucket";
  return `${verb === "variable" ? "admin" : verb}:${resource}:bitbucket`;
}

/** Whether the caller may do what requires `scope`; else the scope that it lacks, in the terms of its credential. */
export function missingScope({ scopes, credential }: Caller, scope: string): string | null {
  if (credential?.kind !== "api-token") return covers(scopes, scope) ? null : scope;
  const required = apiTokenScope(scope);
  return scopes.includes(required) ? null : required;
}
