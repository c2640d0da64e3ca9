import type { Request, Response } from "express";
import { redirectPrivately } from "./private-answer.js";
import { queryOf } from "./query.js";
import { readReturnTo } from "./return-to.js";
import type { RouteContext } from "./route-context.js";

/** `GET`: starts a sign-in, keeps it in a cookie of its own and sends the person to Bitbucket's consent page. */
export async function loginRoute(
  { auth, baseUrl, routes, transactions }: RouteContext,
  req: Request,
  res: Response,
): Promise<void> {
  const wanted = readReturnTo(queryOf(req).getAll("returnTo"));
  const ownPaths = Object.values(routes).map((path) => req.baseUrl + path);
  const isOwn = wanted !== undefined && ownPaths.includes(wanted.replace(/\/?(?:[?#].*)?$/s, ""));
  const returnTo = wanted === undefined || isOwn ? "/" : wanted;
  // Without a base URL Bitbucket takes the registered callback: better than an address made of what the request says.
  const redirectUri = baseUrl && baseUrl.origin + req.baseUrl + routes.callback;
  const { url, transaction } = await auth.startAuthorization({ redirectUri });
  await transactions.keep(req, res, { transaction, returnTo });
  redirectPrivately(res, 302, url);
}
