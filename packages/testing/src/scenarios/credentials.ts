import type { CredentialOptions } from "../fake/credentials.js";
import { apiError, type ObservedAnswer, type Scenario, type Step } from "./scenario.js";

const invalid = apiError(401, "Token is invalid, expired, or not supported for this endpoint.");
const basicRefused: ObservedAnswer = {
  status: 401,
  body: "Login failed due to incorrect login credentials or method.",
  headers: { "www-authenticate": "BitbucketCustom realm=Bitbucket.org HTTP" },
};
const gitRefused: ObservedAnswer = {
  status: 401,
  body: "Invalid credentials",
  headers: { "www-authenticate": 'Basic realm="Bitbucket.org HTTP"' },
};
const mechanism = "This endpoint is not accessible by this authentication mechanism.";
const archive = "/acme/website/get/main.zip";
const gitRefs = "/acme/website.git/info/refs?service=git-upload-pack";
const archived: ObservedAnswer = { status: 200, body: "22 bytes" };
const letInWithoutGit: ObservedAnswer = {
  status: 501,
  body: "Start the fake with startBitbucketMock(mock, { git: { directory } }).",
};
const users = [{ username: "alice", email: "alice@example.com" }];

/** Every credential of Bitbucket, as documented and in the ways that are tried first. */
export const credentialScenarios: readonly Scenario[] = [
  scenario("an API token with the e-mail address", { kind: "api-token" }, [
    {
      send: { get: "/2.0/user", credential: 1, tell: ["type"] },
      answer: { status: 200, body: { type: "user" }, headers: { "x-credential-type": "api_token" } },
    },
  ]),
  scenario("an API token as Bearer", { kind: "api-token" }, [
    { send: { get: "/2.0/user", credential: 1, as: "bearer" }, answer: invalid },
  ]),
  {
    ...scenario("an API token as Bearer, where it is taken", { kind: "api-token" }, [
      {
        send: { get: "/2.0/user", credential: 1, as: "bearer", tell: ["type"] },
        answer: { status: 200, body: { type: "user" }, headers: { "x-credential-type": "api_token" } },
      },
    ]),
    fake: { users, profile: { apiTokenAsBearer: "accepted" } },
  },
  scenario("an API token with the user name at the API", { kind: "api-token" }, [
    { send: { get: "/2.0/user", credential: 1, as: "basic-with-username" }, answer: basicRefused },
    { send: { get: "/2.0/user", credential: 1, as: "basic-with-git-username" }, answer: basicRefused },
  ]),
  scenario(
    "an API token without the scope: write does not imply read",
    { kind: "api-token", scopes: ["write:repository:bitbucket"] },
    [
      {
        send: { get: "/2.0/repositories/acme", credential: 1 },
        answer: {
          ...apiError(403, "Your credentials lack one or more required privilege scopes.", {
            detail: { granted: ["write:repository:bitbucket"], required: ["read:repository:bitbucket"] },
          }),
          headers: { "x-credential-type": "api_token" },
        },
      },
    ],
  ),
  scenario("an API token runs out after a year", { kind: "api-token" }, [
    { advance: "365d" },
    { send: { get: "/2.0/user", credential: 1 }, answer: basicRefused },
  ]),
  scenario(
    "an API token at Git: its user name or the owner's, and not the e-mail address",
    { kind: "api-token" },
    [
      { send: { site: gitRefs, credential: 1 }, answer: letInWithoutGit },
      { send: { site: gitRefs, credential: 1, username: "user" }, answer: letInWithoutGit },
      { send: { site: gitRefs, credential: 1, username: "email" }, answer: gitRefused },
    ],
  ),
  scenario("a repository access token", { kind: "repository-access-token" }, [
    {
      send: { get: "/2.0/repositories/acme/website", credential: 1, tell: ["slug"] },
      answer: {
        status: 200,
        body: { slug: "website" },
        headers: { "x-credential-type": "repo_access_token" },
      },
    },
    {
      send: { get: "/2.0/repositories/acme", credential: 1, tell: ["size"] },
      answer: { status: 200, body: { size: 1 }, headers: { "x-credential-type": "repo_access_token" } },
    },
    {
      send: { get: "/2.0/repositories/acme/api", credential: 1, tell: ["type"] },
      answer: { status: 404, body: { type: "error" }, headers: { "x-credential-type": "repo_access_token" } },
    },
  ]),
  scenario("an access token belongs to no user", { kind: "workspace-access-token" }, [
    { send: { get: "/2.0/user", credential: 1 }, answer: apiError(403, mechanism) },
    {
      send: { get: "/2.0/workspaces/acme", credential: 1, tell: ["slug"] },
      answer: {
        status: 200,
        body: { slug: "acme" },
        headers: { "x-credential-type": "workspace_access_token" },
      },
    },
  ]),
  {
    ...scenario("an access token belongs to no user, where that is 401", { kind: "project-access-token" }, [
      { send: { get: "/2.0/user", credential: 1 }, answer: invalid },
    ]),
    fake: { users, profile: { accessTokenAtUser: 401 } },
  },
  scenario("an access token as Basic at the API", { kind: "project-access-token" }, [
    {
      send: { get: "/2.0/repositories/acme", credential: 1, as: "basic-with-git-username" },
      answer: basicRefused,
    },
  ]),
  scenario("an access token at Git", { kind: "repository-access-token" }, [
    { send: { site: gitRefs, credential: 1 }, answer: letInWithoutGit },
    { send: { site: archive, credential: 1 }, answer: archived },
    {
      send: { site: "/acme/api.git/info/refs?service=git-upload-pack", credential: 1 },
      answer: { status: 403, body: "You may not have access to this repository." },
    },
  ]),
  scenario("a revoked access token", { kind: "workspace-access-token" }, [
    { revokeCredential: 1 },
    { send: { get: "/2.0/workspaces/acme", credential: 1 }, answer: invalid },
    { send: { site: gitRefs, credential: 1 }, answer: gitRefused },
  ]),
  scenario("an app password, since they were removed", { kind: "app-password" }, [
    { send: { get: "/2.0/user", credential: 1 }, answer: basicRefused },
    {
      send: { site: gitRefs, credential: 1 },
      answer: {
        status: 410,
        body: "App passwords are no longer supported. Use an API token: https://support.atlassian.com/bitbucket-cloud/docs/api-tokens/",
      },
    },
  ]),
  {
    ...scenario("an app password at Git, where that is 401", { kind: "app-password" }, [
      { send: { site: gitRefs, credential: 1 }, answer: gitRefused },
    ]),
    fake: { users, profile: { appPasswordGitStatus: 401 } },
  },
  {
    ...scenario("an app password, before they were removed", { kind: "app-password" }, [
      {
        send: { get: "/2.0/user", credential: 1, tell: ["type"] },
        answer: { status: 200, body: { type: "user" } },
      },
      { send: { site: gitRefs, credential: 1 }, answer: letInWithoutGit },
    ]),
    fake: { users, profile: { appPasswords: "accepted" } },
  },
  {
    name: "an OAuth access token at Git",
    fake: { users },
    steps: [
      { send: { site: gitRefs, token: 1 }, answer: letInWithoutGit },
      { send: { site: gitRefs }, answer: gitRefused },
      { advance: "2h" },
      { send: { site: gitRefs, token: 1 }, answer: gitRefused },
    ],
  },
];

function scenario(name: string, credential: CredentialOptions, steps: readonly Step[]): Scenario {
  return { name, fake: { users }, steps: [{ credential }, ...steps] };
}
