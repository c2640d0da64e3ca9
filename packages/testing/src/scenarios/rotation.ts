import {
  apiError,
  tokens,
  unauthorizedClient,
  without,
  type ObservedAnswer,
  type Scenario,
  type ExpectedAnswer,
} from "./scenario.js";
import type { Fault } from "../fake/faults.js";

const noLockout = { profile: { lockoutMs: 0 } } as const;

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
    fake: noLockout,
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

/** A fault on a refresh: whether the token was used up by it decides everything. */
function onRefresh(name: string, fault: Fault, answer: ExpectedAnswer, generation: 1 | 2): Scenario {
  return {
    name,
    fake: { profile: { leewayMs: 0 } },
    steps: [
      { fault, on: "token" },
      { send: { refresh: 1 }, answer },
      { grant: { generation, reuseCount: 0, live: true } },
    ],
  };
}

const page = (status: number): ExpectedAnswer => ({ status, body: "page: Something went wrong" });

/** Answers that do not arrive, or not whole. */
export const lostAnswerScenarios: readonly Scenario[] = [
  onRefresh(
    "the answer is lost after the commit: the connection breaks",
    { commitThen: "reset" },
    "failed",
    2,
  ),
  onRefresh("the answer is lost after the commit: a 500 comes instead", { commitThen: 500 }, page(500), 2),
  {
    name: "the answer is lost after the commit: nothing comes",
    fake: { profile: { leewayMs: 0 } },
    steps: [
      { fault: { commitThen: "hang" }, on: "token" },
      { abandon: { refresh: 1 }, after: "commit" },
      { grant: { generation: 2 } },
    ],
  },
  {
    name: "the leeway saves a lost answer",
    steps: [
      { fault: { commitThen: "reset" }, on: "token" },
      { send: { refresh: 1 }, answer: "failed" },
      { send: { refresh: 1 }, answer: tokens(2) },
      { grant: { generation: 3, reuseCount: 0 } },
    ],
  },
  {
    name: "the token endpoint never answers",
    steps: [
      { fault: { hang: true }, on: "token" },
      { abandon: { refresh: 1 }, after: "arrival" },
      { grant: { generation: 1 } },
    ],
  },
  onRefresh("the token endpoint is slow", { delay: 5 }, tokens(2), 2),
  onRefresh("the name of the host cannot be resolved", { network: "dns" }, "failed", 1),
  onRefresh("the connection is refused", { network: "refused" }, "failed", 1),
  onRefresh("the connection breaks before the request is read", { network: "reset" }, "failed", 1),
  onRefresh("the body breaks off", { body: "truncated" }, "failed", 2),
  onRefresh("the body is malformed JSON", { body: "malformed-json" }, "failed", 2),
  onRefresh("the body is a page with 200", { body: "html" }, page(200), 2),
  onRefresh("the body is a page with 503", { status: 503 }, page(503), 1),
  onRefresh("the body is a page with 502", { status: 502 }, page(502), 1),
  onRefresh("the body is empty", { body: "empty" }, { status: 200, body: "" }, 2),
  onRefresh("the body is JSON that calls itself text/plain", { body: "text-plain" }, tokens(2), 2),
  onRefresh("the members have wrong types", { body: "wrong-types" }, wrongTypes(), 2),
  onRefresh(
    "the new refresh token is missing",
    { body: "missing-refresh-token" },
    without(tokens(2), "refresh_token"),
    2,
  ),
  onRefresh("the answer is 204", { answer: { status: 204 } }, { status: 204, body: "" }, 1),
  ...([302, 307, 308] as const).map((redirect) =>
    onRefresh(
      `the answer is a ${redirect} to another host`,
      { redirect, to: "https://elsewhere.example/" },
      { status: redirect, headers: { location: "https://elsewhere.example/" } },
      1,
    ),
  ),
];

function wrongTypes(): ExpectedAnswer {
  const { status, body } = tokens(2);
  const wrong = { access_token: 7200, refresh_token: [], expires_in: {}, scope: 1, scopes: 1 };
  return { status, body: Object.assign({}, body, wrong) };
}
