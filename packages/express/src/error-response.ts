import { type BitbucketAuthError, type Clock, isBitbucketAuthError } from "@bitbucket-auth/core";
import type { NextFunction, Request, Response } from "express";
import type { OnError } from "./bitbucket-auth-options.js";
import { errorPage, errorPagePolicy } from "./error-page.js";
import { keepPrivate } from "./private-answer.js";
import { describeProblem } from "./problem.js";
import { findRequestState } from "./request-state.js";
import { wantsJson } from "./wants-json.js";

/** Answers a request that failed. What is not ours goes to the app's own error handler. */
export type AnswerError = (error: unknown, req: Request, res: Response, next: NextFunction) => Promise<void>;

/** What a client is told to wait when nobody knows better. */
const shortestWaitMs = 5_000;

/** Errors to HTTP: the right status, a page or JSON as asked for, nothing in it that came from outside. */
export function createErrorResponse({
  onError,
  clock,
}: {
  onError: OnError | undefined;
  clock: Clock;
}): AnswerError {
  return async (error, req, res, next) => {
    if (!isBitbucketAuthError(error) || res.headersSent) return next(error);
    const problem = describeProblem(error);
    keepPrivate(res);
    res.status(problem.status);
    if (problem.next === "retry") {
      const waitMs = error.retryAt === undefined ? shortestWaitMs : error.retryAt - clock.now();
      res.setHeader("Retry-After", String(Math.max(1, Math.ceil(waitMs / 1000))));
    }
    if (onError) {
      try {
        await onError(error, req, res, next);
      } catch (thrown) {
        next(thrown);
      }
    } else if (wantsJson(req)) {
      sendProblem(req, res, error);
    } else {
      res.setHeader("Content-Security-Policy", errorPagePolicy);
      res.setHeader("X-Content-Type-Options", "nosniff");
      const loginPath = findRequestState(req)?.loginPath ?? "/";
      res.type("html").send(errorPage(problem, { code: error.code, loginPath, homePath: "/" }));
    }
  };
}

/** The problem as JSON: `code` is stable, `message` is for people. */
export function sendProblem(req: Request, res: Response, error: BitbucketAuthError): void {
  const { status, text, next } = describeProblem(error);
  const { code, action, transient } = error;
  const signIn = next === "sign-in" ? findRequestState(req)?.loginPath : undefined;
  keepPrivate(res);
  res.status(status).json({ code, message: text, action, transient, signIn });
}
