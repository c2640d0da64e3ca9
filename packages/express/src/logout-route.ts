import type { Request, Response } from "express";
import { redirectPrivately, keepPrivate } from "./private-answer.js";
import { queryOf } from "./query.js";
import { CrossSiteRequestError } from "./refused-errors.js";
import { requestState } from "./request-state.js";
import { readReturnTo } from "./return-to.js";
import type { RouteContext } from "./route-context.js";
import { judgeOrigin } from "./same-origin.js";
import { wantsJson } from "./wants-json.js";

/**
 * `POST`, from a page of this app: forgets the grant, ends every session of the account for good, and forgets the browser's.
 * In that order, so that a sign-out which failed half-way can be tried again and has not been announced.
 */
export async function logoutRoute(
  { auth, baseUrl, epochs, keeperFor }: RouteContext,
  req: Request,
  res: Response,
): Promise<void> {
  if (judgeOrigin(req, baseUrl) !== "proven") {
    throw new CrossSiteRequestError("Signing out takes a POST with the Origin of this app.");
  }
  const { session, error } = requestState(req);
  if (error) throw error;
  if (session) {
    await epochs.endSessions(session.account, session.issuedAt);
    await auth.signOut(session.account);
  }
  await keeperFor(req).close(req, res);
  if (wantsJson(req)) {
    keepPrivate(res);
    res.status(204).end();
  } else {
    redirectPrivately(res, 303, readReturnTo(queryOf(req).getAll("returnTo")) ?? "/");
  }
}
