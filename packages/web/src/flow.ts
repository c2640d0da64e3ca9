import { type BitbucketAuthError, isBitbucketAuthError, SignedOutError } from "@bitbucket-auth/core";
import type { BitbucketUser } from "./bitbucket-session.js";
import { pathOf, redirect, type WebAnswer, type WebRequest, wantsJson } from "./exchange.js";
import { type FlowOptions, type ProblemReport, resolveOptions, withoutSlash } from "./options.js";
import { problemAnswer, problemHead, signInFirst } from "./pages.js";
import { createReporter, describeProblem, isSolvedBySignIn, type Problem } from "./problem.js";
import { createApiProxy } from "./proxy.js";
import { createRoutes, type RouteNotes } from "./routes.js";
import { readReturnTo } from "./same-origin.js";
import {
  createSessionCookie,
  createSessionJudge,
  type Session,
  type SessionKeeper,
  sessionLifeMs,
} from "./session.js";
import { FlowVisit, localPath, type Site, type Visit, withoutEndSlash } from "./visit.js";

/** The sign-in flow, apart from any framework. An adapter turns requests into visits and answers into responses. */
export interface SignInFlow<Api> {
  /**
   * Finds out who is signed in: mostly from memory and at once, else by one look at the storage, and never by a refresh. When
   * that fails, `visit.error` says why, so that pages which are open to all are served all the same.
   */
  visit(request: WebRequest): Visit<Api> | Promise<Visit<Api>>;
  /** Whether `handle()` would answer. Most requests are the app's: asked first, this saves them a promise. */
  owns(visit: Visit<Api>): boolean;
  /** The answer of a route of ours or of the proxy; `undefined` for any other request. Rejects with errors that are not ours. */
  handle(visit: Visit<Api>): Promise<WebAnswer | undefined>;
  /** Whether `guard()` lets it through as it stands, with nothing to be asked: as `owns`, this saves a promise. */
  passes(visit: Visit<Api>): boolean;
  /** The answer for a request that may not pass; `undefined` lets it through: `visit.user` is there, with a token that works. */
  guard(visit: Visit<Api>, as?: "page" | "api"): Promise<WebAnswer | undefined>;
  /** The answer to an error that a handler met; `undefined` when it is not one of ours. */
  answerError(error: unknown, visit: Visit<Api>): Promise<WebAnswer | undefined>;
  /** Logs an error that ends in a plain 500, where no framework does, and tells `onProblem`; each error once. */
  report(error: unknown): void;
}

/** What an adapter that guards in a second step keeps of the first. */
export interface Seen {
  readonly flow: SignInFlow<unknown>;
  readonly visit: Visit<unknown>;
}

/** What an adapter brings besides the options. */
export interface FlowParts {
  /** The function whose options these are, for messages: `bitbucketAuth()`. */
  readonly caller: string;
  /** Names of options that only this adapter has. */
  readonly ownOptions?: readonly string[] | undefined;
  readonly onSignIn?: ((user: BitbucketUser, account: string, request: WebRequest) => unknown) | undefined;
  /** Answers in place of the page. `head` has the status and headers that every answer to this problem needs. */
  readonly onError?:
    | ((
        error: BitbucketAuthError,
        problem: { readonly problem: Problem; readonly head: WebAnswer },
        visit: Visit<unknown>,
      ) => Promise<WebAnswer | undefined>)
    | undefined;
  /** Another place for sessions than a cookie of ours, for this request. */
  readonly keeperFor?: ((request: WebRequest) => SessionKeeper | undefined) | undefined;
}

/** Puts the flow together. Throws `InvalidOptionsError` for options that cannot work. */
export function createSignInFlow<Api>(options: FlowOptions<Api>, parts: FlowParts): SignInFlow<Api> {
  const { onSignIn, onError, keeperFor } = parts;
  const resolved = resolveOptions(options, { caller: parts.caller, more: parts.ownOptions ?? [] });
  const { auth, clock, routes, proxy, baseUrl, api } = resolved;
  const basePath = baseUrl === undefined ? "" : withoutSlash(baseUrl.pathname);
  const cookie = createSessionCookie(resolved);
  const judge = createSessionJudge(auth);
  const keeperOf = (request: WebRequest): SessionKeeper => keeperFor?.(request) ?? cookie;
  const table = createRoutes(resolved, { keeperOf, onSignIn });
  const forward = proxy === undefined ? undefined : createApiProxy({ auth, baseUrl, prefix: proxy });
  const isProxied = (path: string): boolean =>
    proxy !== undefined && (path === proxy || path.startsWith(`${proxy}/`));
  const report = createReporter(resolved);
  const site: Site<Api> = { auth, api, routes, basePath };
  const isOver = ({ issuedAt }: Session): boolean => issuedAt + sessionLifeMs <= clock.now();

  const answerProblem = async (
    error: BitbucketAuthError,
    visit: Visit<Api>,
    at: ProblemReport["at"],
    as: "page" | "api",
    notes: RouteNotes = { cookies: [] },
  ): Promise<WebAnswer> => {
    const problem = describeProblem(error);
    report(error, problem.status, at, notes.account ?? visit.claimed?.account);
    if (onError && at !== "proxy") {
      const head = problemHead(error, problem, clock);
      head.cookies.push(...notes.cookies);
      const answer = await onError(error, { problem, head }, visit);
      if (answer?.isSent) return answer;
      if (answer) return { ...answer, cookies: [...answer.cookies, ...notes.cookies] };
    }
    const answer = await problemAnswer(error, problem, { as, paths: visit.paths, clock });
    answer.cookies.push(...notes.cookies);
    return answer;
  };
  const askToSignIn = async (
    error: BitbucketAuthError,
    visit: Visit<Api>,
    as: "page" | "api",
  ): Promise<WebAnswer> => {
    const { request, paths } = visit;
    if (as === "api") return problemAnswer(error, describeProblem(error), { as, paths, clock });
    const isPage = request.method === "GET" || request.method === "HEAD";
    if (!isPage) return problemAnswer(error, signInFirst(error), { as, paths, clock });
    const returnTo = readReturnTo([paths.here]);
    const query = returnTo === undefined ? "" : `?${new URLSearchParams({ returnTo }).toString()}`;
    return redirect(302, paths.login + query);
  };
  const answerAs = ({ request }: Visit<Api>): "page" | "api" => (wantsJson(request) ? "api" : "page");

  const look = async (
    visit: FlowVisit<Api>,
    reading: Session | Promise<Session | undefined>,
  ): Promise<Visit<Api>> => {
    try {
      const claimed = await reading;
      if (!claimed || isOver(claimed)) return visit;
      visit.claimed = claimed;
      visit.isSignedIn = await judge.isLive(claimed);
      if (!visit.isSignedIn) visit.claimed = undefined;
    } catch (error) {
      if (!isBitbucketAuthError(error)) throw error;
      if (visit.claimed && error.code === "signed_out") visit.claimed = undefined;
      else visit.error = error;
    }
    return visit;
  };

  return {
    visit(request) {
      const visit = new FlowVisit<Api>(request, site);
      const session = keeperOf(request).read(request);
      if (!session) return visit;
      if ("then" in session) return look(visit, session);
      if (isOver(session)) return visit;
      const isLive = judge.knows(session);
      if (isLive === undefined) return look(visit, session);
      if (isLive) {
        visit.claimed = session;
        visit.isSignedIn = true;
        visit.isReady = true;
      }
      return visit;
    },

    owns({ request }) {
      const path = localPath(request, basePath);
      return table.has(withoutEndSlash(path)) || isProxied(path);
    },

    async handle(visit) {
      const { request, paths, error, user } = visit;
      const path = withoutEndSlash(paths.local);
      const route = table.get(path);
      if (route) {
        if (route.method !== request.method) {
          const answer: WebAnswer = { status: 405, headers: new Map(), cookies: [] };
          answer.headers.set("allow", route.method);
          return answer;
        }
        const notes: RouteNotes = { cookies: visit.cookies };
        try {
          return await route.handle(visit, notes);
        } catch (thrown) {
          if (isBitbucketAuthError(thrown))
            return answerProblem(thrown, visit, route.at, answerAs(visit), notes);
          report(thrown, 500, route.at, notes.account ?? visit.claimed?.account);
          throw thrown;
        }
      }
      if (!forward || !isProxied(paths.local)) return undefined;
      const target = request.target.slice(pathOf(request).length - paths.local.length);
      try {
        const answer = await forward(request, target, { account: user?.account, error });
        return answer ?? { status: 499, headers: new Map(), cookies: [] };
      } catch (thrown) {
        if (!isBitbucketAuthError(thrown)) throw thrown;
        return answerProblem(thrown, visit, "proxy", "api");
      }
    },

    passes: ({ isReady }) => isReady,

    report: (error) => report(error, 500, "handler", undefined),

    async guard(visit, as = answerAs(visit)) {
      const { claimed, user, isReady } = visit;
      if (isReady) return undefined;
      let { error } = visit;
      try {
        if (user && claimed && !error && (await judge.hasToken(claimed))) return undefined;
      } catch (thrown) {
        if (!isBitbucketAuthError(thrown)) throw thrown;
        error = thrown;
      }
      if (error && !isBitbucketAuthError(error)) throw error;
      if (!error) return askToSignIn(new SignedOutError("No user is signed in."), visit, as);
      return isSolvedBySignIn(error)
        ? askToSignIn(error, visit, as)
        : answerProblem(error, visit, "guard", as);
    },

    async answerError(error, visit) {
      if (!isBitbucketAuthError(error)) return undefined;
      return isSolvedBySignIn(error)
        ? askToSignIn(error, visit, answerAs(visit))
        : answerProblem(error, visit, "handler", answerAs(visit));
    },
  };
}
