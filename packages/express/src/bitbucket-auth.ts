import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { createApiProxy } from "./api-proxy.js";
import { type BitbucketAuthOptions, resolveOptions } from "./bitbucket-auth-options.js";
import { createBitbucketRequest } from "./bitbucket-request.js";
import { callbackRoute } from "./callback-route.js";
import { createErrorResponse } from "./error-response.js";
import { createExpressSession, hasExpressSession } from "./express-session.js";
import { loginRoute } from "./login-route.js";
import { logoutRoute } from "./logout-route.js";
import { type RequestState, setRequestState } from "./request-state.js";
import type { RouteContext } from "./route-context.js";
import { createSessionCookie } from "./session-cookie.js";
import { createSessionEpochs } from "./session-epoch.js";
import { sessionLifeMs } from "./session.js";
import { createTransactionCookies } from "./transaction-cookie.js";

/**
 * Signs people in with Bitbucket: mounts the login, callback and logout routes, sets `req.bitbucket` for whoever is signed
 * in, and forwards API calls when `proxy` is given.
 *
 * Mount it before the routes that need it, and before body parsers if there is a proxy. Throws `InvalidOptionsError` at once
 * for options that cannot work. Every error of its own is answered here; others go to the app's error handler.
 */
export function bitbucketAuth(options: BitbucketAuthOptions): RequestHandler {
  const resolved = resolveOptions(options);
  const { auth, clock, routes, proxy, baseUrl } = resolved;
  const cookie = createSessionCookie(resolved);
  const server = createExpressSession();
  const context: RouteContext = {
    ...resolved,
    onSignIn: resolved.onSignIn,
    transactions: createTransactionCookies(resolved),
    epochs: createSessionEpochs(auth, clock),
    keeperFor(req) {
      const isOnServer =
        resolved.session === undefined ? hasExpressSession(req) : resolved.session === "express-session";
      return isOnServer ? server : cookie;
    },
  };
  const answerError = createErrorResponse({ onError: resolved.onError, clock });
  const forward = proxy === undefined ? undefined : createApiProxy({ auth, baseUrl, prefix: proxy });
  const table = new Map([
    [routes.login, { method: "GET", handle: loginRoute }],
    [routes.callback, { method: "GET", handle: callbackRoute }],
    [routes.logout, { method: "POST", handle: logoutRoute }],
  ]);

  const handle = async (req: Request, res: Response, next: NextFunction): Promise<void> => {
    try {
      const state: RequestState = { auth, answerError, loginPath: req.baseUrl + routes.login };
      setRequestState(req, state);
      await findSession(context, req, state);
      if (state.session) req.bitbucket = createBitbucketRequest(auth, state.session.account, resolved.api);
      const route = table.get(withoutSlash(req.path));
      if (route?.method === req.method) return await route.handle(context, req, res);
      if (route) return void res.status(405).setHeader("Allow", route.method).end();
      if (forward && (req.path === proxy || req.path.startsWith(`${proxy}/`)))
        return await forward(req, res, state);
    } catch (error) {
      return answerError(error, req, res, next).catch(next);
    }
    next();
  };
  return (req, res, next) => void handle(req, res, next);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Finds out who is signed in; or the error, when that cannot be known now: pages for everybody go on without. */
async function findSession(
  { keeperFor, epochs, clock }: RouteContext,
  req: Request,
  state: RequestState,
): Promise<void> {
  try {
    const session = await keeperFor(req).read(req);
    if (!session || session.issuedAt + sessionLifeMs <= clock.now()) return;
    const epoch = await epochs.current(session.account);
    if (epoch !== undefined && session.issuedAt > epoch) state.session = session;
  } catch (error) {
    if (!isBitbucketAuthError(error)) throw error;
    state.error = error;
  }
}
