import { type BitbucketAuthError, InvalidOptionsError } from "@bitbucket-auth/core";
import type { BitbucketUser } from "@bitbucket-auth/web";
import { createSignInFlow, type FlowOptions, type WebAnswer } from "@bitbucket-auth/web/adapter";
import { sendAnswer, writeAnswerHead } from "@bitbucket-auth/web/node";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { type Exchange, exchangeOf, type ExpressFlow, ExpressRequest } from "./express-flow.js";
import { createExpressSession, hasExpressSession } from "./express-session.js";
import { type BitbucketApi, stateKey } from "./request-types.js";

/** Called with each user who signs in, before their browser is let in. What it rejects with refuses the sign-in. */
export type OnSignIn = (
  user: BitbucketUser,
  signIn: { readonly account: string; readonly req: Request },
) => unknown;

/**
 * Answers in place of the error page. Status, `Retry-After` and `Cache-Control: no-store` are already set. `next()` and
 * `next(error)` with the same error keep the page, so that a hook may only listen.
 */
export type OnError = (error: Error, req: Request, res: Response, next: NextFunction) => unknown;

/** What `bitbucketAuth()` takes. */
export interface BitbucketMiddlewareOptions extends FlowOptions<BitbucketApi> {
  /** Absent: `express-session` where it is mounted before this, else a cookie of our own. */
  readonly session?: "cookie" | "express-session" | undefined;
  /** Called with each user who signs in. What it rejects with refuses the sign-in, and the grant is forgotten. */
  readonly onSignIn?: OnSignIn | undefined;
  /** Answers in place of the error page or JSON. */
  readonly onError?: OnError | undefined;
}

/**
 * Signs users in with Bitbucket: mounts the login, callback and logout routes, sets `req.bitbucket` for the user who is signed
 * in, and forwards API calls when `proxy` is given.
 *
 * Mount it before the routes that need it, and before body parsers if there is a proxy. Throws `InvalidOptionsError` at once
 * for options that cannot work. Every error of its own is answered here; others go to the app's error handler.
 */
export function bitbucketAuth(options: BitbucketMiddlewareOptions): RequestHandler {
  const flow = createExpressFlow(options);
  const handle = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    const visit = await flow.visit(new ExpressRequest({ req, res, next }));
    req[stateKey] = { flow, visit };
    if (visit.user) req.bitbucket = visit.user;
    if (!flow.owns(visit)) return next();
    try {
      const answer = await flow.handle(visit);
      if (answer) return await sendAnswer(answer, res);
    } catch (error) {
      if (!res.headersSent) for (const cookie of visit.cookies) res.append("Set-Cookie", cookie);
      throw error;
    }
    next();
  };
  return (req, res, next) => void handle(req, res, next).catch(next);
}

/** The sign-in flow with the sessions, hooks and answers of Express. */
function createExpressFlow(options: BitbucketMiddlewareOptions): ExpressFlow {
  const { session, onSignIn, onError, ...rest }: Partial<BitbucketMiddlewareOptions> = { ...options };
  if (session !== undefined && session !== "cookie" && session !== "express-session") {
    throw new InvalidOptionsError(
      'bitbucketAuth() wants "cookie" or "express-session" as `session`, or nothing.',
    );
  }
  const server = createExpressSession(rest);
  return createSignInFlow<BitbucketApi>(options, {
    caller: "bitbucketAuth()",
    ownOptions: ["session"],
    onSignIn:
      onSignIn && ((user, account, request) => onSignIn(user, { account, req: exchangeOf(request).req })),
    onError:
      onError && ((error, { head }, { request }) => answerThrough(onError, error, head, exchangeOf(request))),
    keeperFor(request) {
      const isOnServer =
        session === undefined ? hasExpressSession(exchangeOf(request).req) : session === "express-session";
      return isOnServer ? server : undefined;
    },
  });
}

/** Lets `onError` answer. Resolves with `undefined` when it keeps the page. */
function answerThrough(
  onError: OnError,
  error: BitbucketAuthError,
  head: WebAnswer,
  { req, res, next }: Exchange,
): Promise<WebAnswer | undefined> {
  const cookiesBefore = res.getHeader("Set-Cookie");
  writeAnswerHead(head, res);
  return new Promise((resolve) => {
    const answered = (): void => resolve({ ...head, isSent: true });
    const keepPage = (): void => {
      // The page brings the cookies itself.
      if (cookiesBefore === undefined) res.removeHeader("Set-Cookie");
      else res.setHeader("Set-Cookie", cookiesBefore);
      resolve(undefined);
    };
    const passOn = (other?: unknown): void => {
      if (other === undefined || other === error) return keepPage();
      answered();
      next(other);
    };
    // Note: it may answer long after it has returned, as a template engine does.
    res.once("close", answered);
    const listens = async (): Promise<unknown> => onError(error, req, res, passOn);
    // One that does not take the response cannot answer.
    listens().then(() => onError.length < 3 && keepPage(), passOn);
  });
}
