import { tokens, without, type ObservedAnswer, type Scenario } from "./scenario.js";

const scopes = "{scopes}";

/** The many shapes of a good token answer. */
export const tokenAnswerScenarios: readonly Scenario[] = [
  {
    name: "a refresh answers without a refresh token",
    fake: { profile: { refreshTokens: "fixed-and-omitted" } },
    steps: [
      { send: { refresh: 1 }, answer: without(tokens(2), "refresh_token") },
      { send: { refresh: 1 }, answer: without(tokens(3), "refresh_token") },
    ],
  },
  {
    name: "the answer says scope",
    fake: { profile: { scopeField: "scope" } },
    steps: [{ send: { refresh: 1 }, answer: tokens(2) }],
  },
  {
    name: "the answer says scopes",
    fake: { profile: { scopeField: "scopes" } },
    steps: [{ send: { refresh: 1 }, answer: without(tokens(2, { scopes }), "scope") }],
  },
  {
    name: "the answer says nothing about scopes",
    fake: { profile: { scopeField: "none" } },
    steps: [{ send: { refresh: 1 }, answer: without(tokens(2), "scope") }],
  },
  {
    name: "the answer has no token_type",
    fake: { profile: { tokenTypeField: "absent" } },
    steps: [{ send: { refresh: 1 }, answer: without(tokens(2), "token_type") }],
  },
  {
    name: "the answer has no state",
    fake: { profile: { stateEcho: false } },
    steps: [{ send: { refresh: 1 }, answer: without(tokens(2), "state") }],
  },
  {
    name: "state echoes the grant type, not the state that was sent",
    steps: [
      { send: { authorize: { state: "mine" }, decide: "grant" }, answer: backWithCode(1, "mine") },
      { send: { exchange: 1 }, answer: tokens(2, { state: "authorization_code" }) },
    ],
  },
  {
    name: "expires_in is missing",
    steps: [
      { fault: { fields: {}, without: ["expires_in"] }, on: "token" },
      { send: { refresh: 1 }, answer: without(tokens(2), "expires_in") },
    ],
  },
  ...[3600, "7200", -5, 1e99, null].map((expiresIn): Scenario => ({
    name: `expires_in is ${JSON.stringify(expiresIn)}`,
    steps: [
      { fault: { fields: { expires_in: expiresIn } }, on: "token" },
      { send: { refresh: 1 }, answer: tokens(2, { expires_in: expiresIn }) },
    ],
  })),
  {
    name: "a new access token lives as long as the answer says",
    fake: { profile: { accessTokenLifeMs: 3_600_000 } },
    steps: [
      { send: { refresh: 1 }, answer: tokens(2, { expires_in: 3600 }) },
      { advance: "59m" },
      { send: { get: "/2.0/user/emails?pagelen=1", token: 2 }, answer: oneEmail() },
    ],
  },
  {
    name: "client credentials give no refresh token",
    steps: [
      {
        send: { form: { grant_type: "client_credentials" } },
        answer: without(tokens(2, { state: "client_credentials" }), "refresh_token"),
      },
    ],
  },
  {
    name: "legacy client credentials give a refresh token",
    fake: { profile: "cloud-legacy" },
    steps: [
      {
        send: { form: { grant_type: "client_credentials" } },
        answer: without(tokens(2, { state: "client_credentials", scopes }), "scope"),
      },
    ],
  },
];

function backWithCode(number: number, state: string): ObservedAnswer {
  const location = `http://localhost:3000/auth/bitbucket/callback?code=code ${number}&state=${state}`;
  return { status: 302, headers: { location } };
}

function oneEmail(): ObservedAnswer {
  const self = { href: "{api}/2.0/user/emails/alice%40example.com" };
  const email = {
    type: "email",
    email: "alice@example.com",
    is_primary: true,
    is_confirmed: true,
    links: { self },
  };
  return { status: 200, body: { values: [email], pagelen: 1, size: 1, page: 1 } };
}
