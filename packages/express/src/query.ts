import type { Request } from "express";

/** The query as it was sent. Express's own parser makes lists and objects of it, and does so differently in 4 and 5. */
export function queryOf(req: Request): URLSearchParams {
  const question = req.originalUrl.indexOf("?");
  return new URLSearchParams(question === -1 ? "" : req.originalUrl.slice(question + 1));
}
