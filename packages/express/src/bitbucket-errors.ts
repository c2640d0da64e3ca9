import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { ErrorRequestHandler } from "express";
import { askToSignIn } from "./ask-to-sign-in.js";
import { findRequestState } from "./request-state.js";

/**
 * An error handler for what `req.bitbucket` rejects with inside your routes: who has to sign in again is asked to, the rest
 * is answered as everywhere here. Errors of anybody else go on to the next handler. Mount it after the routes.
 */
export function bitbucketErrors(): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const state = findRequestState(req);
    if (!state || !isBitbucketAuthError(error) || res.headersSent) return next(error);
    if (error.action === "reauthorize" && !error.transient) return askToSignIn(req, res, state, error);
    void state.answerError(error, req, res, next).catch(next);
  };
}
