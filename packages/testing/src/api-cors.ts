import type { Answer } from "./answer.js";
import type { IncomingRequest } from "./incoming-request.js";

/** What lets a page of any origin read an answer: the token is in a header, so there is no cookie to abuse. */
const open = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-oauth-scopes, x-accepted-oauth-scopes, retry-after",
};

/** Whether a browser only asks what it may send (the Fetch standard's CORS-preflight request). */
export function isPreflight(request: IncomingRequest): boolean {
  return request.method === "OPTIONS" && request.headers.has("access-control-request-method");
}

export function preflightAnswer(request: IncomingRequest): Answer {
  const asked = request.headers.get("access-control-request-headers") ?? "authorization";
  const allowed = {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE",
    "access-control-allow-headers": asked,
  };
  return { status: 204, headers: { ...open, ...allowed }, body: "" };
}

export function readableAnywhere(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...open } };
}
