import { StateMismatchError } from "@bitbucket-auth/core";
import type { Request, Response } from "express";
import { readUser } from "./bitbucket-user.js";
import { redirectPrivately } from "./private-answer.js";
import { queryOf } from "./query.js";
import type { RouteContext } from "./route-context.js";

/**
 * `GET`: finishes the sign-in that this browser started. The session starts last, when all the rest has gone well: whatever
 * fails before leaves the person as they were.
 */
export async function callbackRoute(
  { auth, transactions, epochs, keeperFor, onSignIn }: RouteContext,
  req: Request,
  res: Response,
): Promise<void> {
  const callback = queryOf(req);
  const attempt = await transactions.take(req, res, callback.get("state") ?? "");
  if (!attempt) {
    throw new StateMismatchError(
      "This browser has no such sign-in under way: it is over, or was never started here.",
    );
  }
  const { account, tokens } = await auth.finishAuthorization({ callback, transaction: attempt.transaction });
  if (onSignIn) {
    const user = await readUser(auth.fetchFor(account), tokens.scopes);
    try {
      await onSignIn(user, { account, req });
    } catch (refusal) {
      await auth.signOut(account);
      throw refusal;
    }
  }
  const issuedAt = await epochs.startSession(account, tokens);
  await keeperFor(req).open(req, res, { account, issuedAt });
  redirectPrivately(res, 302, attempt.returnTo);
}
