import {
  tokens,
  without,
  type ObservedAnswer,
  type Scenario,
  refused,
  unauthorizedClient,
} from "./scenario.js";

const callback = "http://localhost:3000/auth/bitbucket/callback";
const errorPage: ObservedAnswer = { status: 400, body: "page: The app's callback URL is invalid" };

function redirect(query: string): ObservedAnswer {
  return { status: 302, headers: { location: `${callback}?${query}` } };
}

/** What happens on the consent page. */
export const consentScenarios: readonly Scenario[] = [
  {
    name: "the consent page asks",
    steps: [
      { send: { authorize: {} }, answer: { status: 200, body: "page: app asks for access to your account" } },
    ],
  },
  {
    name: "access is granted",
    steps: [
      { send: { authorize: { state: "s" }, decide: "grant" }, answer: redirect("code=code 1&state=s") },
    ],
  },
  {
    name: "access is denied",
    steps: [
      {
        send: { authorize: { state: "s" }, decide: "cancel" },
        answer: redirect(
          "error=access_denied&error_description=The resource owner denied the request&state=s",
        ),
      },
    ],
  },
  {
    name: "a redirect_uri that is not the callback gets a page, not a redirect",
    steps: [{ send: { authorize: { redirect_uri: "https://evil.example/" } }, answer: errorPage }],
  },
  {
    name: "a path appended to the callback is refused",
    steps: [{ send: { authorize: { redirect_uri: `${callback}/more` } }, answer: errorPage }],
  },
  {
    name: "a path appended to the callback is taken, by the documented rule",
    fake: { profile: { redirectUri: "prefix" } },
    steps: [
      {
        send: { authorize: { redirect_uri: `${callback}/more` }, decide: "grant" },
        answer: { status: 302, headers: { location: `${callback}/more?code=code 1` } },
      },
    ],
  },
  {
    name: "the port of a loopback callback varies",
    steps: [
      {
        send: {
          authorize: { redirect_uri: "http://localhost:49152/auth/bitbucket/callback" },
          decide: "grant",
        },
        answer: {
          status: 302,
          headers: { location: "http://localhost:49152/auth/bitbucket/callback?code=code 1" },
        },
      },
    ],
  },
  {
    name: "the implicit grant is gone",
    steps: [{ send: { authorize: { response_type: "token" } }, answer: errorPage }],
  },
];

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

const badCode = refused("invalid_grant", "The specified code is not valid.");
const noGrantType = refused("invalid_grant", "Unsupported grant type: None");
const back: ObservedAnswer = {
  status: 302,
  headers: { location: "http://localhost:3000/auth/bitbucket/callback?code=code 1" },
};
const rateLimit = { type: "error", error: { message: "Rate limit for this resource has been exceeded" } };

/** What the token endpoint refuses, in its words. */
export const refusalScenarios: readonly Scenario[] = [
  {
    name: "unauthorized_client for an unknown refresh token",
    steps: [{ send: { refresh: "unknown" }, answer: unauthorizedClient }],
  },
  {
    name: "unauthorized_client for a wrong secret, on a refresh",
    steps: [
      { send: { refresh: 1, secret: "wrong" }, answer: unauthorizedClient },
      { send: { refresh: 1 }, answer: tokens(2) },
    ],
  },
  {
    name: "unauthorized_client for a wrong secret, on an exchange",
    steps: [
      { send: { authorize: {}, decide: "grant" }, answer: back },
      { send: { exchange: 1, secret: "wrong" }, answer: unauthorizedClient },
    ],
  },
  {
    name: "no client authentication",
    steps: [
      {
        send: { refresh: 1, secret: "none" },
        answer: refused(
          "unauthorized_client",
          "Requests must be authenticated using OAuth client credentials",
        ),
      },
    ],
  },
  {
    name: "invalid_grant for a caller's bug: a JSON body",
    steps: [{ send: { json: { grant_type: "client_credentials" } }, answer: noGrantType }],
  },
  {
    name: "invalid_grant for a caller's bug: no grant type",
    steps: [{ send: { form: { scope: "account" } }, answer: noGrantType }],
  },
  {
    name: "invalid_request for a dead legacy refresh token",
    fake: { profile: "cloud-legacy" },
    steps: [{ send: { refresh: "unknown" }, answer: refused("invalid_request", "Invalid refresh_token") }],
  },
  {
    name: "invalid_grant for a dead refresh token, as the RFC has it",
    fake: { profile: { deadRefreshToken: "invalid_grant" } },
    steps: [{ send: { refresh: "unknown" }, answer: refused("invalid_grant", "Invalid refresh_token") }],
  },
  {
    name: "a consumer without a callback gets nothing",
    fake: { consumers: [{ callbackUrl: null }] },
    steps: [
      {
        send: { form: { grant_type: "client_credentials" } },
        answer: refused("invalid_request", "No callback uri defined for the OAuth client."),
      },
    ],
  },
  {
    name: "a public consumer gets no client credentials",
    fake: { consumers: [{ private: false }] },
    steps: [
      {
        send: { form: { grant_type: "client_credentials" } },
        answer: refused(
          "invalid_grant",
          'Cannot use client_credentials with a consumer marked as "public". Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.',
        ),
      },
    ],
  },
  { name: "an unknown code", steps: [{ send: { exchange: "unknown" }, answer: badCode }] },
  {
    name: "a code is used twice",
    steps: [
      { send: { authorize: {}, decide: "grant" }, answer: back },
      { send: { exchange: 1 }, answer: tokens(2, { state: "authorization_code" }) },
      { send: { exchange: 1 }, answer: badCode },
    ],
  },
  {
    name: "a code is older than ten minutes",
    steps: [
      { send: { authorize: {}, decide: "grant" }, answer: back },
      { advance: "10m" },
      { send: { exchange: 1 }, answer: badCode },
    ],
  },
  {
    name: "the redirect_uri of the exchange was not in the authorize request",
    steps: [
      { send: { authorize: {}, decide: "grant" }, answer: back },
      {
        send: { exchange: 1, fields: { redirect_uri: "http://localhost:3000/auth/bitbucket/callback" } },
        answer: badCode,
      },
    ],
  },
  {
    name: "the code verifier does not fit the challenge",
    steps: [
      {
        send: {
          authorize: { code_challenge: "x".repeat(43), code_challenge_method: "S256" },
          decide: "grant",
        },
        answer: back,
      },
      { send: { exchange: 1, fields: { code_verifier: "y".repeat(43) } }, answer: badCode },
    ],
  },
  {
    name: "the token endpoint is rate limited and says for how long",
    steps: [
      { fault: { status: 429, retryAfter: 30 }, on: "token" },
      { send: { refresh: 1 }, answer: { status: 429, body: rateLimit, headers: { "retry-after": "30" } } },
      { send: { refresh: 1 }, answer: tokens(2) },
    ],
  },
];
