import { apiError, type ObservedAnswer, type Scenario } from "./scenario.js";

const invalid = apiError(401, "Token is invalid, expired, or not supported for this endpoint.");
const expired = [
  apiError(401, "Access token expired. Use your refresh token to obtain a new access token."),
  apiError(401, "OAuth2 access token expired. Use your refresh token to obtain a new access token."),
  apiError(401, "Access token expired."),
] as const;
const tooMany = "Rate limit for this resource has been exceeded";
const slugs = ["one", "two", "three"];
const pageMembers = ["values", "pagelen", "size", "page", "next", "previous"];
const emptyList = "/2.0/repositories/acme";
const noRepositories: ObservedAnswer = { status: 200, body: { values: [], pagelen: 10, size: 0, page: 1 } };
const announcement = {
  announcement_url: "https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770",
};

/** What the API answers to a good and to a bad caller. */
export const apiScenarios: readonly Scenario[] = [
  {
    name: "an expired access token, in three wordings",
    steps: [
      { advance: "2h" },
      ...expired.map((answer) => ({ send: { get: "/2.0/user", token: 1 }, answer })),
      { send: { get: "/2.0/user", token: 1 }, answer: expired[0] },
    ],
  },
  {
    name: "access tokens expire one after the other",
    steps: [
      { advance: "1h" },
      { meanwhile: "second-grant" },
      { advance: "1h" },
      { send: { get: emptyList, token: 1 }, answer: expired[0] },
      { send: { get: emptyList, token: 2 }, answer: noRepositories },
      { advance: "1h" },
      { send: { get: emptyList, token: 2 }, answer: expired[1] },
    ],
    fake: { repositories: [] },
  },
  { name: "no access token at all", steps: [{ send: { get: "/2.0/user" }, answer: invalid }] },
  {
    name: "Basic at the API",
    steps: [
      {
        send: { get: "/2.0/user", by: "basic" },
        answer: {
          status: 401,
          body: "Login failed due to incorrect login credentials or method.",
          headers: { "www-authenticate": "BitbucketCustom realm=Bitbucket.org HTTP" },
        },
      },
    ],
  },
  {
    name: "an access token in the query",
    steps: [{ send: { get: "/2.0/user", token: 1, by: "query" }, answer: invalid }],
  },
  {
    name: "an access token in the query, before 2026",
    fake: { profile: "cloud-legacy", repositories: [] },
    steps: [{ send: { get: emptyList, token: 1, by: "query" }, answer: noRepositories }],
  },
  {
    name: "a scope is missing",
    scopes: ["account"],
    steps: [
      {
        send: { get: "/2.0/repositories/acme", token: 1 },
        answer: apiError(403, "Your credentials lack one or more required privilege scopes.", {
          detail: { granted: ["account"], required: ["repository"] },
        }),
      },
    ],
  },
  {
    name: "access is forbidden",
    steps: [
      { fault: { status: 403 }, on: "api" },
      { send: { get: "/2.0/user", token: 1 }, answer: apiError(403, "Forbidden") },
    ],
  },
  {
    name: "there is nothing there",
    steps: [
      {
        send: { get: "/2.0/repositories/acme/nothing", token: 1 },
        answer: apiError(404, "Resource not found", {
          detail:
            "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/",
        }),
      },
    ],
  },
  {
    name: "CHANGE-2770 removed it",
    steps: [
      {
        send: { get: "/2.0/workspaces", token: 1 },
        answer: {
          status: 410,
          body: {
            type: "error",
            error: {
              message: "CHANGE-2770 - Functionality has been deprecated",
              detail: "Please read the changelog entry for more details.",
              data: announcement,
            },
            data: announcement,
          },
        },
      },
    ],
  },
  rateLimited("as JSON, without a time", {}, apiError(429, tooMany)),
  rateLimited(
    "as JSON, with a time",
    { retryAfter: 60 },
    { ...apiError(429, tooMany), headers: { "retry-after": "60" } },
  ),
  rateLimited("as bare text", { body: "text" }, { status: 429, body: tooMany }),
  {
    name: "a list goes on at next",
    fake: { repositories: slugs.map((slug) => ({ workspace: "acme", slug, uuid: `{${slug}}` })) },
    steps: [
      {
        send: { get: "/2.0/repositories/acme?pagelen=2", token: 1, tell: pageMembers },
        answer: {
          status: 200,
          body: {
            values: 2,
            pagelen: 2,
            size: 3,
            page: 1,
            next: "{api}/2.0/repositories/acme?pagelen=2&page=2",
          },
        },
      },
      {
        send: { get: "/2.0/repositories/acme?pagelen=2&page=2", token: 1, tell: pageMembers },
        answer: {
          status: 200,
          body: {
            values: 1,
            pagelen: 2,
            size: 3,
            page: 2,
            previous: "{api}/2.0/repositories/acme?pagelen=2&page=1",
          },
        },
      },
    ],
  },
];

function rateLimited(
  how: string,
  fault: { retryAfter?: number; body?: "text" },
  answer: ObservedAnswer,
): Scenario {
  return {
    name: `the API is rate limited, ${how}`,
    steps: [
      { fault: { status: 429, ...fault }, on: "api" },
      { send: { get: "/2.0/user", token: 1 }, answer },
    ],
  };
}
