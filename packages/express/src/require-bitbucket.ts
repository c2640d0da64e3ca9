import { InvalidOptionsError, isBitbucketAuthError, SignedOutError } from "@bitbucket-auth/core";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { askToSignIn } from "./ask-to-sign-in.js";
import { member } from "./member.js";
import { findRequestState, requestState } from "./request-state.js";

/** How somebody who is not signed in is asked to. */
export interface RequireBitbucketOptions {
  /** `page`: always redirect. `api`: always 401 as JSON. Absent: whichever the request asks for. */
  readonly as?: "page" | "api" | undefined;
}

/**
 * Lets a request through when somebody is signed in and there is a token for them that works.
 *
 * Anybody else is asked to sign in, and so is a person whose grant was revoked. When Bitbucket or the storage is down the
 * answer is an error page, or JSON, with 503. Throws `InvalidOptionsError` at once for another `as`.
 */
export function requireBitbucket(options: RequireBitbucketOptions = {}): RequestHandler {
  const as = readAs(options);
  const guard = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    try {
      const { auth, session, error, loginPath } = requestState(req);
      if (error) throw error;
      if (!session)
        return askToSignIn(req, res, { loginPath }, new SignedOutError("Nobody is signed in."), as);
      await auth.getAccessToken(session.account);
    } catch (error) {
      return refuse(error, req, res, next);
    }
    // A default that the handler may replace: what is shown to one person is for no cache, nor for the back button.
    res.setHeader("Cache-Control", "no-store");
    next();
  };
  const refuse = (error: unknown, req: Request, res: Response, next: NextFunction): Promise<void> | void => {
    const state = findRequestState(req);
    if (!state || !isBitbucketAuthError(error)) return next(error);
    if (error.action === "reauthorize") return askToSignIn(req, res, state, error, as);
    return state.answerError(error, req, res, next);
  };
  // Note: somebody else may have answered while we waited, a time limit say. Then setting a header throws.
  return (req, res, next) => void guard(req, res, next).catch(next);
}

function readAs(options: unknown): RequireBitbucketOptions["as"] {
  const as = member(options, "as");
  if (typeof options === "object" && options && (as === undefined || as === "page" || as === "api"))
    return as;
  throw new InvalidOptionsError('requireBitbucket() takes { as: "page" }, { as: "api" } or nothing.');
}
