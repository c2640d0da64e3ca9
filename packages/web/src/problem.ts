import { BitbucketAuthError, type ErrorAction, isBitbucketAuthError } from "@bitbucket-auth/core";
import { type ProblemReport, type ResolvedOptions, textMember } from "./options.js";

/** A browser made the request for a page of another site, or would not say for whose. Nothing was done. */
export class CrossSiteRequestError extends BitbucketAuthError {
  override readonly name = "CrossSiteRequestError";
  readonly code = "cross_site_request";
  readonly transient = false;
  readonly action: ErrorAction = "fix_config";
}

/** The proxy does not forward this: not a path of the API, another method, too large. Nothing was sent. */
export class ProxyRefusedError extends BitbucketAuthError {
  override readonly name = "ProxyRefusedError";
  readonly code = "proxy_refused";
  readonly transient = false;
  readonly action: ErrorAction = "fix_config";
}

/**
 * An error as users see it. The text is fixed and holds nothing of the request; only what Bitbucket's API says about a refused
 * call is quoted.
 */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** What the user can do about it here. */
  readonly next: "sign-in" | "retry" | "leave";
  /** What a program should do, where that is not what the error says. */
  readonly action?: ErrorAction;
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
/** RFC 6749 section 4.1.2.1: no user was asked for access, and a sign-in later may go well. */
const unavailable: Problem = {
  status: 503,
  title: "Bitbucket could not sign you in",
  text: "It has a problem of its own for the moment. Nothing was changed: sign in again in a while.",
  next: "sign-in",
};
const misconfigured: Problem = {
  status: 500,
  title: "This app has a problem",
  text: "Its operators have to correct the configuration. Trying again will not help.",
  next: "leave",
};
const refusedCall: Problem = {
  status: 403,
  title: "Bitbucket refuses this",
  text: "Bitbucket does not accept this call with your sign-in, though that is fresh. Signing in again will not help.",
  next: "leave",
  action: "fix_config",
};

/** A call that fails in the same way when it is made again: nothing is there, or the account may not do it. */
const wrongCall: Problem = {
  status: 502,
  title: "Bitbucket refuses this",
  text: "Bitbucket does not do what this app asked it for. Trying again will not help.",
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
    text: "It lacks a permission on Bitbucket. Its operators have to add it; then sign in again.",
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
    text: "Bitbucket's API is called here by GET, HEAD, POST, PUT, PATCH or DELETE, below /2.0, with up to 10 MB, and by pages of this app.",
    next: "leave",
  },
};

/** Decides what users are told of an error. Of one that only the app's operators can correct they are told just that. */
export function describeProblem(error: BitbucketAuthError): Problem {
  const { code, action, status, oauthError, transient, description } = error;
  // The authorization code was spent or too old: the user starts again, and the app's operators need not act.
  if (code === "token_request_rejected" && oauthError === "invalid_grant") return staleSignIn;
  if (code === "authorization_denied" && oauthError !== undefined) {
    if (/^(?:server_error|temporarily_unavailable)$/.test(oauthError)) return unavailable;
    if (/^(?:invalid_request|unauthorized_client|unsupported_response_type|invalid_scope)$/.test(oauthError))
      return misconfigured;
  }
  if (code === "storage_failed" && action === "fix_config") return misconfigured;
  if (code === "access_token_rejected") {
    // A token that was just obtained or just renewed is refused: the call is wrong, and another sign-in would end here again.
    return transient ? tryLater : withWords(refusedCall, description);
  }
  if (code === "api_request_failed" && !transient) {
    const known = status === 404 || status === 403 ? { ...wrongCall, status } : wrongCall;
    return withWords(known, description);
  }
  if (code === "record_unreadable" && action === "reauthorize") return signInAgain;
  const problem = problems[code] ?? misconfigured;
  return code === "proxy_refused" && status !== undefined ? { ...problem, status } : problem;
}

function withWords(problem: Problem, description: string | undefined): Problem {
  const words = description === undefined ? "" : ` Bitbucket says: “${description}”`;
  return { ...problem, text: problem.text + words };
}

/** Whether a new sign-in solves it. */
export function isSolvedBySignIn({ code, action, transient }: BitbucketAuthError): boolean {
  return action === "reauthorize" && !transient && code !== "access_token_rejected";
}

/** Text for an HTML page or the value of an attribute. */
export function escapeHtml(text: string): string {
  const entities = new Map(
    Object.entries({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" }),
  );
  return text.replaceAll(/[&<>"']/g, (sign) => entities.get(sign) ?? sign);
}

/** Of a 403: a scope that the consumer lacks, a call that is wrong. Users can do nothing about either. */
const ownersToSolve = new Set(["scope_missing", "access_token_rejected"]);

/** Reports answers of 500, refused sign-ins and what else only they can solve to the operators of the app, once for each error. */
export function createReporter({
  logger,
  onProblem,
}: Pick<ResolvedOptions<unknown>, "logger" | "onProblem">): (
  error: unknown,
  status: number,
  at: ProblemReport["at"],
  knownAccount: string | undefined,
) => void {
  const told = new WeakSet<object>();
  return (error, status, at, knownAccount) => {
    const isSignIn = at === "login" || at === "callback";
    const isForOwner =
      status === 500 || (status === 403 && ownersToSolve.has(textMember(error, "code") ?? ""));
    if (!isForOwner && !isSignIn) return;
    if (typeof error === "object" && error !== null) {
      // Also when an error handler of the app sends it here a second time.
      if (told.has(error)) return;
      told.add(error);
    }
    const account = textMember(error, "account") ?? knownAccount;
    const what = isSignIn ? "a sign-in was refused" : "a request was answered with an error";
    const ours = isBitbucketAuthError(error);
    // What others throw may hold anything: of that only the name is logged.
    const fields = ours
      ? {
          at,
          status,
          code: error.code,
          message: error.message,
          action: error.action,
          account,
          ...detailsOf(error),
        }
      : { at, status, name: textMember(error, "name") ?? typeof error, account };
    const level = status === 500 ? "error" : "warn";
    quietly(() => logger[level]?.(`bitbucket-auth: ${what}`, fields));
    quietly(() => onProblem?.({ error, status, at, account }));
  };
}

function detailsOf({ oauthError, description }: BitbucketAuthError): object {
  return {
    ...(oauthError !== undefined && { oauthError }),
    ...(description !== undefined && { description }),
  };
}

/** A logger or listener that throws changes no answer. */
function quietly(tell: () => unknown): void {
  try {
    Promise.resolve(tell()).catch(() => undefined);
  } catch {
    // The logger itself fails: there is nowhere left to report it.
  }
}
