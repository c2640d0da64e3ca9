import { assertNames } from "./names.js";
import { randomToken } from "./secrets.js";
import {
  findUser,
  type Credential,
  type CredentialKind,
  type CredentialState,
  type MockContext,
  type UserRef,
} from "./state.js";

/** What a static credential is for. What is left out is made up: the first user, the first workspace, all that is in it. */
export interface CredentialOptions {
  readonly kind: CredentialKind;
  /** Whose it is: API tokens and app passwords. */
  readonly user?: UserRef | undefined;
  /** Where it is valid: access tokens. */
  readonly workspace?: string | undefined;
  /** The key of the project that a project access token is for. */
  readonly project?: string | undefined;
  /** The repository that a repository access token is for. */
  readonly repository?: string | undefined;
  /** API tokens have scopes such as `read:user:bitbucket`, where write does not imply read; the others those of OAuth. */
  readonly scopes?: readonly string[] | undefined;
  /** How long it is valid, in milliseconds. Absent: a year for an API token, else without an end. */
  readonly lifeMs?: number | undefined;
}

/** Every kind there is. */
export const credentialKinds = [
  "api-token",
  "repository-access-token",
  "project-access-token",
  "workspace-access-token",
  "app-password",
] as const;

const prefixes: Readonly<Record<CredentialKind, string>> = {
  "api-token": "ATATT3xFfGF0",
  "repository-access-token": "ATCTT3xFfGN0",
  "project-access-token": "ATCTT3xFfGN0",
  "workspace-access-token": "ATCTT3xFfGN0",
  "app-password": "ATBB",
};

const yearMs = 365 * 86_400_000;
const oauthScopes = ["account", "email", "repository", "repository:write", "pullrequest"];

/** Every scope an API token needs to read what the fake has. */
const apiTokenScopes = ["user", "workspace", "project", "repository", "pullrequest", "issue", "pipeline"].map(
  (resource) => `read:${resource}:bitbucket`,
);

/** What `issueCredential()` takes. */
export const credentialNames: readonly string[] = [
  "kind",
  "user",
  "workspace",
  "project",
  "repository",
  "scopes",
  "lifeMs",
];

/** Makes a static credential, as its owner would in the settings. */
export function issueCredential(context: MockContext, given: CredentialOptions): Credential {
  const { state, clock } = context;
  const { kind } = given;
  assertNames(given, "issueCredential()", credentialNames);
  if (!Object.hasOwn(prefixes, kind))
    throw new TypeError(
      `There is no credential of the kind ${kind}. Known are ${Object.keys(prefixes).join(", ")}.`,
    );
  const isApiToken = kind === "api-token";
  const isPersonal = isApiToken || kind === "app-password";
  const user = isPersonal ? findUser(state, given.user) : null;
  const token = prefixes[kind] + randomToken(kind === "app-password" ? 32 : 180);
  const apiUsername = user && (isApiToken ? user.email : user.username);
  const lifeMs = given.lifeMs ?? (isApiToken ? yearMs : undefined);
  const credential: Credential = {
    kind,
    token,
    scopes: given.scopes ?? (isApiToken ? apiTokenScopes : oauthScopes),
    authorization: apiUsername === null ? `Bearer ${token}` : `Basic ${btoa(`${apiUsername}:${token}`)}`,
    gitUsername: gitUsername(kind, user?.username ?? ""),
    ...(apiUsername !== null && { apiUsername }),
    ...(lifeMs !== undefined && { expiresAt: clock.now() + lifeMs }),
  };
  const workspace = given.workspace ?? state.workspaces[0]?.slug ?? null;
  const repository = given.repository ?? state.repositories[0]?.slug ?? null;
  const project = given.project ?? state.repositories[0]?.project ?? null;
  state.credentials.set(token, {
    ...credential,
    username: user?.username ?? null,
    workspace: isPersonal ? null : workspace,
    project: kind === "project-access-token" ? project : null,
    repository: kind === "repository-access-token" ? repository : null,
    revoked: false,
  });
  return credential;
}

/** The static credential with this token. Throws when the fake has none, without repeating the token. */
export function findCredential({ state }: MockContext, token: string): CredentialState {
  const found = state.credentials.get(token);
  if (found === undefined) throw new Error("The fake has no such credential");
  return found;
}

function gitUsername(kind: CredentialKind, username: string): string {
  if (kind === "api-token") return "x-bitbucket-api-token-auth";
  return kind === "app-password" ? username : "x-token-auth";
}
