import {
  apiError,
  tokens,
  unauthorizedClient,
  without,
  type ObservedAnswer,
  type Scenario,
} from "./scenario.js";

const patient = { profile: { lockoutMs: 0 } } as const;

/** What becomes of a refresh token. */
export const rotationScenarios: readonly Scenario[] = [
  {
    name: "a refresh token rotates on every use",
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 2 }, answer: tokens(3) },
      { grant: { generation: 3, live: true, reuseCount: 0 } },
    ],
  },
  {
    name: "the leeway is used once",
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { advance: "9m" },
      { send: { refresh: 1 }, answer: tokens(3) },
      { grant: { reuseCount: 0, live: true } },
    ],
  },
  {
    name: "the leeway saves the second-to-last token too",
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 2 }, answer: tokens(3) },
      { send: { refresh: 1 }, answer: tokens(4) },
      { grant: { reuseCount: 0 } },
    ],
  },
  {
    name: "the leeway saves only the token used last",
    fake: { profile: { leewayCovers: "previous-only", lockoutMs: 0 } },
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 2 }, answer: tokens(3) },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { grant: { reuseCount: 1, live: true } },
    ],
  },
  {
    name: "all siblings live",
    fake: { profile: { siblings: "all-live" } },
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 1 }, answer: tokens(3) },
      { send: { refresh: 2 }, answer: tokens(4) },
      { send: { refresh: 3 }, answer: tokens(5) },
    ],
  },
  {
    name: "only the last sibling lives",
    fake: { profile: { siblings: "last-live", lockoutMs: 0 } },
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 1 }, answer: tokens(3) },
      { send: { refresh: 2 }, answer: unauthorizedClient },
      { send: { refresh: 3 }, answer: tokens(4) },
    ],
  },
  {
    name: "a token is used again after the leeway",
    fake: patient,
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { advance: "10m" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { grant: { reuseCount: 1, live: true } },
      { send: { refresh: 2 }, answer: tokens(3) },
    ],
  },
  {
    name: "reuse revokes the family",
    fake: { profile: { base: "strict", lockoutMs: 0 } },
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { send: { refresh: 2 }, answer: unauthorizedClient },
      {
        send: { get: "/2.0/user", token: 2 },
        answer: apiError(401, "Token is invalid, expired, or not supported for this endpoint."),
      },
      { grant: { live: false, reuseCount: 1 } },
    ],
  },
  {
    name: "a lockout refuses valid tokens as well",
    steps: [
      { send: { refresh: "unknown" }, answer: unauthorizedClient },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { grant: { generation: 1, live: true } },
    ],
  },
  {
    name: "a lockout ends, however often valid tokens were sent during it",
    steps: [
      { send: { refresh: "unknown" }, answer: unauthorizedClient },
      { advance: "59s" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { advance: "1s" },
      { send: { refresh: 1 }, answer: tokens(2) },
    ],
  },
  {
    name: "a refresh token idles for 91 days",
    steps: [
      { advance: "91d" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { grant: { live: false } },
    ],
  },
  {
    name: "a refresh token used every 89 days lives on",
    steps: [
      { advance: "89d" },
      { send: { refresh: 1 }, answer: tokens(2) },
      { advance: "89d" },
      { send: { refresh: 2 }, answer: tokens(3) },
    ],
  },
  {
    name: "an access token dies with its refresh token, before its two hours are over",
    steps: [
      { send: { refresh: 1 }, answer: tokens(2) },
      { advance: "10m" },
      {
        send: { get: "/2.0/workspaces/acme", token: 1 },
        answer: apiError(401, "Token is invalid, expired, or not supported for this endpoint."),
      },
    ],
  },
  {
    name: "another process refreshes first",
    fake: { profile: { base: "strict", reuse: "reject" } },
    steps: [
      { meanwhile: "rotate-elsewhere" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      { grant: { generation: 2, reuseCount: 1, live: true } },
    ],
  },
  {
    name: "the user revokes the app in the settings",
    steps: [
      { meanwhile: "revoke" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
      {
        send: { get: "/2.0/user", token: 1 },
        answer: apiError(401, "Token is invalid, expired, or not supported for this endpoint."),
      },
      { grant: { live: false, reuseCount: 0 } },
    ],
  },
  {
    name: "a legacy refresh token never changes",
    fake: { profile: "cloud-legacy" },
    steps: [
      { send: { refresh: 1 }, answer: legacyTokens(2) },
      { advance: "400d" },
      { send: { refresh: 1 }, answer: legacyTokens(3) },
    ],
  },
];

function legacyTokens(number: number): ObservedAnswer {
  const scopes = "{scopes}";
  return without(tokens(number, { refresh_token: "refresh token 1", scopes }), "scope");
}
