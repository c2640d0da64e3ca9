import { createBitbucketAuth, type BitbucketAuth } from "@bitbucket-auth/core";
import {
  createBitbucketMock,
  type BitbucketMock,
  type BitbucketMockOptions,
  type CredentialOptions as FakeCredentialOptions,
} from "@bitbucket-auth/testing";
import {
  accessToken,
  apiToken,
  consumerCredential,
  oauthCredential,
  type Credential,
  type StaticCredentialOptions,
} from "../src/index.ts";

export const email = "alice@example.com";

/** A fake Bitbucket with one user, who has signed in, and every kind of credential. */
export interface Bitbucket {
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  /** Where the credentials of a test are used: the fake's `fetch`, clock and addresses. */
  readonly route: Pick<StaticCredentialOptions, "fetch" | "clock" | "endpoints">;
  readonly apiToken: (issued?: Omit<FakeCredentialOptions, "kind">) => { token: string; email: string };
  readonly accessToken: (issued?: Omit<FakeCredentialOptions, "kind">) => { token: string };
}

export async function startBitbucket(options: BitbucketMockOptions = {}): Promise<Bitbucket> {
  const mock = createBitbucketMock({
    clock: { now: () => Date.UTC(2026, 10, 2) },
    users: [{ username: "alice", email }],
    ...options,
  });
  const grant = mock.issueGrant();
  const { endpoints } = grant.clientOptions;
  const auth = createBitbucketAuth({
    ...grant.clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
  });
  await auth.saveTokens("alice", grant.tokens);
  return {
    mock,
    auth,
    route: { fetch: mock.fetch, clock: mock.clock, endpoints },
    apiToken: (issued) => ({ token: mock.issueCredential({ ...issued, kind: "api-token" }).token, email }),
    accessToken: (issued) => ({
      token: mock.issueCredential({ ...issued, kind: "workspace-access-token" }).token,
    }),
  };
}

/** A good credential of one kind, made with what a test wants to set. */
export type MakeCredential = (
  bitbucket: Bitbucket,
  options?: Pick<StaticCredentialOptions, "expiresAt" | "onWarning">,
) => Credential;

/** Every kind there is, an access token of each place included. */
export const kinds: Readonly<Record<string, MakeCredential>> = {
  "an API token": ({ route, ...issue }, options) => apiToken({ ...route, ...issue.apiToken(), ...options }),
  "a workspace access token": ({ route, mock }, options) =>
    accessToken({
      ...route,
      token: mock.issueCredential({ kind: "workspace-access-token" }).token,
      workspace: "acme",
      ...options,
    }),
  "a project access token": ({ route, mock }, options) =>
    accessToken({
      ...route,
      token: mock.issueCredential({ kind: "project-access-token" }).token,
      workspace: "acme",
      repository: "website",
      ...options,
    }),
  "a repository access token": ({ route, mock }, options) =>
    accessToken({
      ...route,
      token: mock.issueCredential({ kind: "repository-access-token", repository: "website" }).token,
      workspace: "acme",
      repository: "website",
      ...options,
    }),
  "an OAuth grant": ({ auth }) => oauthCredential({ auth, account: "alice" }),
  "a consumer": ({ auth }) => consumerCredential({ auth }),
};

/** One good credential of each kind. */
export function everyKind(bitbucket: Bitbucket): readonly Credential[] {
  return Object.values(kinds).map((make) => make(bitbucket));
}

/** What a promise rejects with; fails when it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  if (result.status === "fulfilled") throw new Error("It was expected to reject, and it resolved.");
  return result.reason;
}
