import type { BitbucketAuthError } from "@bitbucket-auth/core";

/** An error as a person or a program outside may see it. Every word is ours: none comes from the request or from Bitbucket. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** What the person can do about it here. */
  readonly next: "sign-in" | "retry" | "leave";
}

const signInAgain: Problem = {
  status: 401,
  title: "Please sign in again",
  text: "Your sign-in with Bitbucket is over. Sign in again to go on.",
  next: "sign-in",
};
const staleSignIn: Problem = {
  status: 400,
  title: "This sign-in cannot be finished",
  text: "It was already used, took longer than ten minutes, or was started in another browser. Start it again here.",
  next: "sign-in",
};
const tryLater: Problem = {
  status: 503,
  title: "Please try again in a moment",
  text: "Something this app depends on is not answering. Nothing was lost.",
  next: "retry",
};
const misconfigured: Problem = {
  status: 500,
  title: "This app has a problem",
  text: "The people who run it have to set something right. Trying again will not help.",
  next: "leave",
};

const problems: Readonly<Record<string, Problem>> = {
  authorization_denied: {
    status: 403,
    title: "You were not signed in",
    text: "Access was not granted on Bitbucket's page, so nothing was changed. You can try again whenever you like.",
    next: "sign-in",
  },
  state_mismatch: staleSignIn,
  authorization_callback_invalid: staleSignIn,
  signed_out: signInAgain,
  refresh_rejected: signInAgain,
  access_token_rejected: signInAgain,
  token_request_failed: {
    ...tryLater,
    title: "Bitbucket is not answering",
    text: "This has to wait until it does. Nothing was changed: try again in a moment.",
  },
  token_response_invalid: { ...tryLater, status: 502 },
  refresh_contended: tryLater,
  storage_failed: tryLater,
  closed: tryLater,
  rate_limited: { ...tryLater, status: 429, text: "Bitbucket asks for a pause. Nothing was lost." },
  api_request_failed: { ...tryLater, status: 502 },
  scope_missing: {
    status: 403,
    title: "This app may not do that",
    text: "It lacks a permission on Bitbucket. The people who run it have to add it; then sign in again.",
    next: "leave",
  },
  cross_site_request: {
    status: 403,
    title: "This request came from somewhere else",
    text: "It was not made by a page of this app, so nothing was done.",
    next: "leave",
  },
  proxy_refused: {
    status: 400,
    title: "This is not forwarded",
    text: "Only calls of Bitbucket's API below /2.0 are.",
    next: "leave",
  },
};

/** Decides what an error means to those outside. What only its owner can mend says no more than that. */
export function describeProblem(error: BitbucketAuthError): Problem {
  const { code, action, status, oauthError, transient } = error;
  // The code that came back with the browser was no longer good: theirs to mend, not the owner's.
  if (code === "token_request_rejected" && oauthError === "invalid_grant") return staleSignIn;
  if (code === "storage_failed" && action === "fix_config") return misconfigured;
  if (code === "access_token_rejected" && transient) return tryLater;
  if (code === "record_unreadable" && action === "reauthorize") return signInAgain;
  const problem = problems[code] ?? misconfigured;
  return code === "proxy_refused" && status !== undefined ? { ...problem, status } : problem;
}
