import type { MethodArguments } from "./method-arguments.js";
import type { ApiAnswer, ApiResponse, CallOptions } from "./options.js";
import type { PaginateOptions } from "./paginate.js";
import type { BitbucketIdentity } from "./who-am-i.js";

/** Gets `null` and the answer, or the error: one of core's, or the reason of the caller's own signal. Called once, asynchronously. */
export type ApiCallback<Answer = ApiAnswer> = (error: unknown, answer?: Answer) => void;

/** A method of `bitbucket-api-v2`: with a callback as the package has it; without one it returns a promise. */
export interface ApiMethod<Arguments extends readonly unknown[]> {
  <Answer = ApiAnswer>(...args: [...Arguments, ApiCallback<Answer>]): void;
  <Answer = ApiAnswer>(...args: Arguments): Promise<Answer>;
}

/** The same methods, always with a promise. It rejects with core's errors, or with the reason of the caller's own signal. */
export type PromisedMethods<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends readonly unknown[]
    ? <Answer = ApiAnswer>(...args: Methods[Name]) => Promise<Answer>
    : never;
};

/** A group of methods, such as `api.pullRequests`. */
export type ApiGroup<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends readonly unknown[]
    ? ApiMethod<Methods[Name]>
    : never;
} & { readonly promised: PromisedMethods<Methods> };

/** Values for the query of a GET or DELETE, the JSON of a POST or PUT, which may be a list, or the fields of a form. */
export type Parameters = object | null | undefined;

/**
 * Calls any route: `user`, `/2.0/user`, or a whole URL of the API. Without a callback it returns a promise.
 */
export interface RouteCall {
  <Answer = ApiAnswer>(
    route: string,
    parameters: Parameters,
    options: CallOptions & { readonly withResponse: true },
  ): Promise<ApiResponse<Answer>>;
  <Answer = ApiAnswer>(
    route: string,
    parameters: Parameters,
    options: CallOptions | null | undefined,
    callback: ApiCallback<Answer>,
  ): void;
  <Answer = ApiAnswer>(route: string, parameters?: Parameters, options?: CallOptions | null): Promise<Answer>;
}

/** Follows a link of a page. Without a callback it returns a promise. */
export interface PageCall {
  <Answer = ApiAnswer>(page: ApiAnswer, callback: ApiCallback<Answer>): void;
  <Answer = ApiAnswer>(page: ApiAnswer): Promise<Answer>;
}

/** How a route may be called. */
export interface RouteCalls {
  readonly get: RouteCall;
  readonly post: RouteCall;
  readonly put: RouteCall;
  readonly delete: RouteCall;
  /** `multipart/form-data`. */
  readonly postForm: RouteCall;
  readonly putForm: RouteCall;
  /** `multipart/related`: a JSON part and one part for each entry of `files`. */
  readonly postRelated: RouteCall;
  readonly putRelated: RouteCall;
}

type Groups = { readonly [Name in keyof MethodArguments]: ApiGroup<MethodArguments[Name]> };

/**
 * The API object of `bitbucket-api-v2`, carried by our transport.
 *
 * Every call has the token of the moment; a 401 renews it once. Calls reject, and callbacks get, errors that satisfy core's
 * `isBitbucketAuthError()`; the one exception is a signal of the caller's own, whose reason they get.
 */
export interface BitbucketAPI extends Groups, RouteCalls {
  readonly repositories: Groups["repositories"] & {
    /** Whether an earlier answer is a fork's. Sends nothing. */
    hasParent(repository: ApiAnswer): boolean;
  };
  /** The groups, with promises only. */
  readonly promised: { readonly [Name in keyof MethodArguments]: PromisedMethods<MethodArguments[Name]> };
  hasNextPage(page: ApiAnswer): boolean;
  hasPreviousPage(page: ApiAnswer): boolean;
  readonly getNextPage: PageCall;
  readonly getPreviousPage: PageCall;
  /** From now on this object calls with a fixed access token. */
  authenticateOAuth2(accessToken: string): BitbucketAPI;
  /** From now on this object calls with a user name (for API tokens, the account's email) and password. */
  authenticateBasic(username: string, password: string): BitbucketAPI;
  /** From now on this object calls without a credential. */
  deAuthenticate(): BitbucketAPI;
  /** The transport. */
  readonly request: RouteCalls;
  /** As `paginate()`, on this object. */
  paginate<Item = ApiAnswer>(start: string | ApiAnswer, options?: PaginateOptions): AsyncIterable<Item>;
  /** As `whoAmI()`, on this object. */
  whoAmI(): Promise<BitbucketIdentity>;
  /** The same API, whose calls end with the signal. */
  withSignal(signal: AbortSignal): BitbucketAPI;
}
