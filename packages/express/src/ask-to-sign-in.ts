import type { BitbucketAuthError } from "@bitbucket-auth/core";
import type { Request, Response } from "express";
import { sendProblem } from "./error-response.js";
import { redirectPrivately } from "./private-answer.js";
import type { RequestState } from "./request-state.js";
import { readReturnTo } from "./return-to.js";
import { wantsJson } from "./wants-json.js";

/** Sends a person to the login route, and back here afterwards; tells a program with a 401 and the error's code. */
export function askToSignIn(
  req: Request,
  res: Response,
  { loginPath }: Pick<RequestState, "loginPath">,
  error: BitbucketAuthError,
  as: "page" | "api" = wantsJson(req) ? "api" : "page",
): void {
  if (as === "api") return sendProblem(req, res, error);
  const isPage = req.method === "GET" || req.method === "HEAD";
  const returnTo = isPage ? readReturnTo([req.originalUrl]) : undefined;
  const query = returnTo === undefined ? "" : `?${new URLSearchParams({ returnTo }).toString()}`;
  redirectPrivately(res, isPage ? 302 : 303, loginPath + query);
}
