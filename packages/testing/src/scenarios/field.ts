import { apiError, type ObservedAnswer, type Scenario, unauthorizedClient } from "./scenario.js";

const website = "/2.0/repositories/acme/website";
const invalid = apiError(401, "Token is invalid, expired, or not supported for this endpoint.");
const notHosted = apiError(404, "Resource not found", {
  detail:
    "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/",
});
const went = "page: Something went wrong";
const errorId = "0b6f1c1e5a8d4f0e9c7b2a3d4e5f6071";
/** Says that the scenario is about data of the fake, which Bitbucket itself does not have. */
const ofTheFake = {};

/** What reports from the field say the API answers, beside what its documentation promises. */
export const fieldScenarios: readonly Scenario[] = [
  {
    name: "an implied scope counts and is not listed",
    scopes: ["account", "repository"],
    steps: [
      {
        send: { get: "/2.0/user/emails", token: 1, tell: ["size", "values"] },
        answer: { status: 200, body: { size: 1, values: 1 } },
      },
      {
        send: { get: `${website}/pullrequests`, token: 1 },
        answer: apiError(403, "Your credentials lack one or more required privilege scopes.", {
          detail: { granted: ["account", "repository"], required: ["pullrequest"] },
        }),
      },
    ],
  },
  {
    name: "the primary address is on the second page",
    fake: {
      users: [
        { username: "alice", otherEmails: Array.from({ length: 10 }, (_, nth) => `${nth}@example.com`) },
      ],
    },
    steps: [
      {
        send: { get: "/2.0/user/emails", token: 1, tell: ["values", "next"] },
        answer: { status: 200, body: { values: 10, next: "{api}/2.0/user/emails?page=2" } },
      },
      {
        send: { get: "/2.0/user/emails?page=2", token: 1, tell: ["values"] },
        answer: { status: 200, body: { values: 1 } },
      },
    ],
  },
  {
    name: "one endpoint refuses a good token, others do not",
    fake: ofTheFake,
    steps: [
      { fault: { status: 401 }, on: { op: "api", path: website } },
      { send: { get: website, token: 1 }, answer: invalid },
      {
        send: { get: "/2.0/user", token: 1, tell: ["type"] },
        answer: { status: 200, body: { type: "user" } },
      },
    ],
  },
  {
    name: "a list of pipelines never says next",
    scopes: ["pipeline:write"],
    fake: ofTheFake,
    steps: [
      ...[1, 2, 3].map((number) => ({
        send: { call: `POST ${website}/pipelines/`, token: 1, json: {}, tell: ["build_number"] },
        answer: { status: 201, body: { build_number: number } },
      })),
      pipelinePage(1, 2),
      pipelinePage(2, 1),
      pipelinePage(3, 0),
    ],
  },
  {
    name: "environments have a slash at the end of their address",
    scopes: ["pipeline"],
    fake: ofTheFake,
    steps: [
      {
        send: { get: `${website}/environments/`, token: 1 },
        answer: { status: 200, body: { values: [], pagelen: 10, size: 0, page: 1 } },
      },
      { send: { get: `${website}/environments`, token: 1 }, answer: notHosted },
    ],
  },
  {
    name: "a bad body is refused member by member",
    scopes: ["repository", "webhook"],
    fake: ofTheFake,
    steps: [
      {
        send: { call: `POST ${website}/hooks`, token: 1, json: { description: "CI" } },
        answer: apiError(400, "Bad request", { fields: { url: ["This field is required."] }, id: errorId }),
      },
      {
        send: {
          call: `POST ${website}/commit/0123456789ab/statuses/build`,
          token: 1,
          json: { key: "k".repeat(41), state: "SUCCESSFUL", url: "https://ci.example" },
        },
        answer: apiError(400, "Bad request", {
          fields: { key: ["Ensure this value has at most 40 characters (it has 41)."] },
          id: errorId,
        }),
      },
    ],
  },
  {
    name: "an error names a branch",
    scopes: ["pullrequest:write"],
    fake: ofTheFake,
    steps: [
      {
        send: {
          call: `POST ${website}/pullrequests`,
          token: 1,
          json: { title: "Release", source: { branch: { name: "release-2026-11-30" } } },
        },
        answer: apiError(400, "branch not found: release-2026-11-30"),
      },
    ],
  },
  {
    name: "the link to a diff has an encoded carriage return",
    fake: ofTheFake,
    steps: [
      {
        send: { get: `${website}/diff/acme/website:ee29727266d0%0D8c26574ba5fb?topic=true`, token: 1 },
        answer: { status: 200, body: "diff --git a/README.md b/README.md" },
      },
      {
        send: {
          get: `${website}/diffstat/acme/website:ee29727266d0%0D8c26574ba5fb`,
          token: 1,
          tell: ["size"],
        },
        answer: { status: 200, body: { size: 1 } },
      },
    ],
  },
  {
    name: "the token endpoint answers 403 with a page",
    steps: [
      { fault: { status: 403, body: "html" }, on: "token" },
      { send: { refresh: 1 }, answer: { status: 403, body: went } },
    ],
  },
  {
    name: "the token endpoint answers 400 with bare text",
    steps: [
      { fault: { status: 400, body: "text" }, on: "token" },
      { send: { refresh: 1 }, answer: { status: 400, body: "Bad Request" } },
    ],
  },
  {
    name: "the token endpoint answers 400 with an OAuth error",
    steps: [
      { fault: { oauth: "unauthorized_client" }, on: "token" },
      { send: { refresh: 1 }, answer: unauthorizedClient },
    ],
  },
  {
    name: "a file is its bytes",
    fake: ofTheFake,
    steps: [
      {
        send: { get: `${website}/src/main/assets/logo.png`, token: 1 },
        answer: { status: 200, body: "70 bytes" },
      },
      {
        send: { get: `${website}/src/main/README.md`, token: 1 },
        answer: { status: 200, body: "# website" },
      },
    ],
  },
  whenRefused("not ready: 202 and nothing", { status: 202, body: "empty" }, { status: 202, body: "" }),
  whenRefused(
    "a diff that takes too long: 555",
    { status: 555 },
    apiError(555, "The request took too long to process."),
  ),
  whenRefused(
    "403 for the kind of credential",
    { status: 403, body: "mechanism" },
    apiError(403, "This endpoint is not accessible by this authentication mechanism."),
  ),
  whenRefused(
    "503 with a time",
    { status: 503, retryAfter: 30 },
    { status: 503, body: went, headers: { "retry-after": "30" } },
  ),
  {
    name: "304 to a client that has the answer",
    fake: ofTheFake,
    steps: [
      {
        send: { get: `${website}/refs/tags`, token: 1, tell: ["size"] },
        answer: { status: 200, body: { size: 0 } },
      },
      {
        send: {
          get: `${website}/refs/tags`,
          token: 1,
          headers: { "if-none-match": '"6924fc930a21ca22"' },
        },
        answer: { status: 304 },
      },
    ],
  },
  {
    name: "an archive is not of the API",
    fake: ofTheFake,
    steps: [
      { send: { site: "/acme/website/get/main.zip", token: 1 }, answer: { status: 200, body: "22 bytes" } },
      {
        send: { site: "/acme/website/get/main.zip" },
        answer: {
          status: 302,
          headers: { location: "{site}/account/signin?next=%2Facme%2Fwebsite%2Fget%2Fmain.zip" },
        },
      },
      { send: { site: "/acme/docs/get/main.tar.gz" }, answer: { status: 200, body: "29 bytes" } },
    ],
  },
  {
    name: "an asynchronous merge tells its task in Location alone",
    scopes: ["pullrequest:write"],
    fake: ofTheFake,
    steps: [
      {
        send: { call: `POST ${website}/pullrequests/1/merge?async=true`, token: 1, json: {} },
        answer: {
          status: 202,
          body: "",
          headers: { location: `{api}${website}/pullrequests/1/merge/task-status/{hash}` },
        },
      },
      {
        send: { get: `${website}/pullrequests/1`, token: 1, tell: ["state"] },
        answer: { status: 200, body: { state: "MERGED" } },
      },
    ],
  },
  {
    name: "a written file tells its commit in Location alone",
    scopes: ["repository:write"],
    fake: ofTheFake,
    steps: [
      {
        send: { call: `POST ${website}/src`, token: 1, json: { "NEW.md": "new", message: "Add" } },
        answer: { status: 201, body: "", headers: { location: `{api}${website}/commit/{hash}` } },
      },
      {
        send: { get: `${website}/src/main/NEW.md`, token: 1 },
        answer: { status: 200, body: "new" },
      },
    ],
  },
];

function pipelinePage(number: number, values: number): Scenario["steps"][number] {
  return {
    send: {
      get: `${website}/pipelines/?pagelen=2&page=${number}`,
      token: 1,
      tell: ["page", "pagelen", "size", "values", "next"],
    },
    answer: { status: 200, body: { page: number, pagelen: 2, size: 3, values } },
  };
}

function whenRefused(
  name: string,
  fault: { status: number; retryAfter?: number; body?: "empty" | "mechanism" },
  answer: ObservedAnswer,
): Scenario {
  return {
    name,
    steps: [
      { fault, on: "api" },
      { send: { get: "/2.0/user", token: 1 }, answer },
    ],
  };
}
