import type { ObservedAnswer, Scenario } from "./scenario.js";

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
