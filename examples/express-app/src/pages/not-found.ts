import { isBitbucketAuthError } from "@bitbucket-auth/core";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { html } from "../html.ts";
import type { ShowPage } from "../page-writer.ts";

/** For addresses without a route here, and for what Bitbucket does not have or does not show. */
export function notFoundPage(show: ShowPage): [RequestHandler, ErrorRequestHandler] {
  const body = html`<section class="hero">
    <h1>Not here</h1>
    <p>There is no such page, or your account may not see it.</p>
    <a class="button" href="/">Back to the start</a>
  </section>`;
  const answer: RequestHandler = (req, res) => {
    res.status(404);
    return show(req, res, { title: "Not here", body });
  };
  const fromBitbucket: ErrorRequestHandler = (error, req, res, next) =>
    isBitbucketAuthError(error) && error.code === "api_request_failed" && error.status === 404
      ? answer(req, res, next)
      : next(error);
  return [answer, fromBitbucket];
}
