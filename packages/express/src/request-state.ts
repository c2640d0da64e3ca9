import { type BitbucketAuth, InvalidOptionsError } from "@bitbucket-auth/core";
import type { Request } from "express";
import type { AnswerError } from "./error-response.js";
import type { Session } from "./session.js";

/** What `bitbucketAuth()` found out about a request, for whoever handles it next. */
export interface RequestState {
  readonly auth: BitbucketAuth;
  /** The login route as the browser sees it. */
  readonly loginPath: string;
  readonly answerError: AnswerError;
  session?: Session;
  /** Why it is not known whether somebody is signed in: the storage does not answer. */
  error?: Error;
}

/** Where it is kept: on the request, under a key that nobody else has. */
const key: unique symbol = Symbol("bitbucket-auth");

declare global {
  namespace Express {
    interface Request {
      [key]?: RequestState;
    }
  }
}

export function setRequestState(req: Request, state: RequestState): void {
  req[key] = state;
}

/** Throws when `bitbucketAuth()` has not seen the request. */
export function requestState(req: Request): RequestState {
  const state = req[key];
  if (state) return state;
  throw new InvalidOptionsError("Mount bitbucketAuth() before requireBitbucket().");
}

/** As `requestState`, and nothing where `bitbucketAuth()` is not mounted. */
export function findRequestState(req: Request): RequestState | undefined {
  return req[key];
}
