import type { Fault } from "../faults.js";
import { tokens, without, type ExpectedAnswer, type Scenario } from "./scenario.js";

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
