import { refused, tokens, unauthorizedClient, type ObservedAnswer, type Scenario } from "./scenario.js";

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
