import type { ApiSource, BitbucketSession } from "@bitbucket-auth/web";
import type { Visit } from "@bitbucket-auth/web/adapter";
import type { ExpressFlow } from "./express-flow.js";

/**
 * Types of your own, by declaration merging: `interface BitbucketTypes { api: Api }` names what `req.bitbucket.api()` resolves with.
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type
export interface BitbucketTypes {}

/** What `api()` resolves with: `BitbucketTypes["api"]` where that was declared. */
export type BitbucketApi = BitbucketTypes extends { api: infer Api } ? Api : unknown;

/** Makes an API client for one user. */
export type MakeApi = (source: ApiSource) => Promise<BitbucketApi>;

/** Bitbucket, as the user who made the request. */
export type BitbucketRequest = BitbucketSession<BitbucketApi>;

/** Where what was found out about a request is kept: on the request, under a key of its own. */
export const stateKey: unique symbol = Symbol("bitbucket-auth");

/** A request that `bitbucketAuth()` has seen. */
export interface RequestState {
  readonly flow: ExpressFlow;
  readonly visit: Visit<BitbucketApi>;
}

/** What `requireBitbucket()` says of a route to TypeScript, in the type of its `res.locals`: there is a user. */
export interface BitbucketRequired {
  /** A mark for the compiler; nothing is there when the program runs. */
  readonly [requiredMark]: true;
}

declare const requiredMark: unique symbol;

/** `req.bitbucket` of a request of the type `Req`. */
export type BitbucketOf<Req> = Req extends { res?: { locals: infer Locals } | undefined }
  ? Locals extends BitbucketRequired
    ? BitbucketRequest
    : BitbucketRequest | undefined
  : BitbucketRequest | undefined;

declare global {
  namespace Express {
    interface Request {
      /** The user who signed in. Behind `requireBitbucket()` it is always there; elsewhere only when a user is signed in. */
      bitbucket: BitbucketOf<this>;
      [stateKey]?: RequestState;
    }
  }
}
