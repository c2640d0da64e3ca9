import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from "express";
import { type GuardOptions, guardOptions } from "@bitbucket-auth/web/adapter";
import { sendAnswer } from "@bitbucket-auth/web/node";
import { ExpressRequest } from "./express-flow.js";
import { type BitbucketRequired, type RequestState, stateKey } from "./request-types.js";

/** How a request without a session is answered. `page`: by a redirect to the sign-in. `api`: with 401 as JSON. */
export type RequireBitbucketOptions = GuardOptions;

type AnyRequest = Parameters<RequestHandler>[0];

/** A handler of a route behind `requireBitbucket()`: to TypeScript too `req.bitbucket` is there. `Params` are those of its path. */
export type GuardedHandler<Params = AnyRequest["params"]> = RequestHandler<
  Params,
  unknown,
  AnyRequest["body"],
  AnyRequest["query"],
  BitbucketRequired & Record<string, unknown>
>;

/**
 * Lets a request through when a user is signed in and has a token that works.
 *
 * A request without a user is asked to sign in, and so is a user whose grant was revoked. A form that was sent is answered with a
 * page that links to the sign-in. When Bitbucket or the storage is down the answer is an error page, or JSON, with 503. Throws
 * `InvalidOptionsError` at once for another `as`.
 */
export function requireBitbucket(options: RequireBitbucketOptions = {}): GuardedHandler {
  const { as } = guardOptions(options);
  const guard = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    const state = req[stateKey];
    if (!state) throw new InvalidOptionsError("Mount bitbucketAuth() before requireBitbucket().");
    const { flow, visit } = state;
    if (!flow.passes(visit)) {
      const answer = await flow.guard(visitOf(state, req, res, next), as);
      if (answer) return sendAnswer(answer, res);
    }
    // A default that the handler may replace: what is shown to one user is for no cache, nor for the back button.
    res.setHeader("Cache-Control", "no-store");
    next();
  };
  // Note: another handler, a time limit say, may have answered while we waited. Then setting a header throws.
  return (req, res, next) => void guard(req, res, next).catch(next);
}

/**
 * An error handler for what `req.bitbucket` rejects with inside your routes: a user who has to sign in again is asked to, and any
 * other error of these packages is answered with its page or JSON. Other errors go on to the next handler. Mount it after the
 * routes.
 */
export function bitbucketErrors(options?: undefined): ErrorRequestHandler {
  // Express itself passes one where the function was mounted and not called: the request would hang.
  const [name] = Object.keys(Object(options));
  if (name !== undefined)
    throw new InvalidOptionsError(`Mount bitbucketErrors(): it has no option "${name}".`);
  return (error: unknown, req, res, next) => {
    const state = req[stateKey];
    if (!state || res.headersSent) return next(error);
    const answerError = async (): Promise<void> => {
      const answer = await state.flow.answerError(error, visitOf(state, req, res, next));
      if (!answer) return next(error);
      await sendAnswer(answer, res);
    };
    void answerError().catch(next);
  };
}

/** What is known of the request, with the `next` of the handler that answers it now. */
function visitOf(
  { visit }: RequestState,
  req: Request,
  res: Response,
  next: NextFunction,
): RequestState["visit"] {
  const { paths, user, claimed, isReady, cookies, error } = visit;
  return { request: new ExpressRequest({ req, res, next }), paths, user, claimed, isReady, cookies, error };
}
