import { isBitbucketAuthError, StateMismatchError } from "@bitbucket-auth/core";
import { join, lost } from "@bitbucket-auth/core/internal";
import { type BitbucketUser, readUser } from "./bitbucket-session.js";
import { privateAnswer, queryOf, redirect, type WebAnswer, type WebRequest, wantsJson } from "./exchange.js";
import type { ResolvedOptions } from "./options.js";
import { CrossSiteRequestError, isSolvedBySignIn } from "./problem.js";
import { judgeOrigin, readReturnTo } from "./same-origin.js";
import { type Session, type SessionKeeper, signedInAtFrom } from "./session.js";
import { createTransactionCookies } from "./transaction-cookie.js";
import type { Visit } from "./visit.js";

/** What a route has found out by the time it rejects. */
export interface RouteNotes {
  /** Cookies that are sent whether it resolves or rejects. */
  readonly cookies: string[];
  account?: string;
}

/** One of the three routes. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly at: "login" | "callback" | "logout";
  handle(visit: Visit<unknown>, notes: RouteNotes): Promise<WebAnswer>;
}

/** What the routes work with besides the options. */
export interface RouteParts {
  readonly keeperOf: (request: WebRequest) => SessionKeeper;
  readonly onSignIn: ((user: BitbucketUser, account: string, request: WebRequest) => unknown) | undefined;
}

/** The routes by their path below the app. */
export function createRoutes(
  options: ResolvedOptions<unknown>,
  { keeperOf, onSignIn }: RouteParts,
): ReadonlyMap<string, Route> {
  const { auth, baseUrl, clock, routes } = options;
  const transactions = createTransactionCookies(options);
  /** Sign-ins that are being finished, by state: a browser may ask twice at once. */
  const finishing = new Map<string, Promise<Outcome<Session>>>();

  /** `GET`: starts a sign-in, keeps it in a cookie of its own and sends the browser to Bitbucket's consent page. */
  const login: Route["handle"] = async ({ request, paths }) => {
    const wanted = readReturnTo(queryOf(request).getAll("returnTo"));
    const own = [paths.login, paths.callback, paths.logout];
    const isOwn = wanted !== undefined && own.includes(wanted.replace(/\/?(?:[?#].*)?$/s, ""));
    const returnTo = wanted === undefined || isOwn ? paths.home : wanted;
    // Without a base URL Bitbucket takes the registered callback: better than an address made of what the request says.
    const redirectUri = baseUrl && baseUrl.origin + paths.callback;
    const { url, transaction } = await auth.startAuthorization({ redirectUri });
    const answer = redirect(302, url);
    await transactions.keep(request, answer, { transaction, returnTo });
    return answer;
  };

  /**
   * `GET`: finishes the sign-in that this browser started. The session starts last, when all the rest has gone well: whatever
   * fails before leaves the user as they were.
   */
  const callback: Route["handle"] = async ({ request, paths, user }, notes) => {
    const parameters = queryOf(request);
    const state = parameters.get("state") ?? "";
    // Note: in any case, also when it cannot be opened.
    await transactions.forget(request, notes, state);
    const attempt = await transactions.find(request, state);
    if (!attempt) {
      // The back button, or a second click: the user is signed in already.
      if (user) return redirect(302, paths.home);
      throw new StateMismatchError(
        "This browser has no such sign-in under way: it is over, or was never started here.",
      );
    }
    const finish = async (): Promise<Session> => {
      const { account, tokens } = await auth.finishAuthorization({
        callback: parameters,
        transaction: attempt.transaction,
      });
      notes.account = account;
      if (onSignIn) {
        const profile = await readUser(auth.fetchFor(account), tokens.scopes);
        try {
          await onSignIn(profile, account, request);
        } catch (refusal) {
          await auth.signOut(account);
          throw refusal;
        }
      }
      const signedInAt = signedInAtFrom(tokens);
      return { account, issuedAt: clock.now(), ...(signedInAt !== undefined && { signedInAt }) };
    };
    const session = await shared(finishing, parameters.toString(), finish);
    const answer = redirect(302, attempt.returnTo);
    await keeperOf(request).open(request, answer, session);
    answer.cookies.push(...notes.cookies);
    return answer;
  };

  /**
   * `POST`, from a page of this app: forgets the grant, which ends every session of the account for good, then the browser's.
   * In that order, so that a sign-out which failed half-way can be tried again and has not been announced.
   */
  const logout: Route["handle"] = async ({ request, paths, user, claimed, error }) => {
    if (judgeOrigin(request, baseUrl) !== "proven") {
      throw new CrossSiteRequestError("Signing out takes a POST with the Origin of this app.");
    }
    // A grant that has ended already is no reason to refuse; what is not known is.
    const hasEnded = isBitbucketAuthError(error) && isSolvedBySignIn(error);
    if (error && !user && !hasEnded) throw error;
    if (claimed && (user || hasEnded)) await auth.signOut(claimed.account);
    const answer = wantsJson(request)
      ? privateAnswer(204)
      : redirect(303, readReturnTo(queryOf(request).getAll("returnTo")) ?? paths.home);
    await keeperOf(request).close(request, answer);
    // The back button of Chromium brings pages back from memory, `no-store` or not: this makes it forget them.
    answer.headers.set("clear-site-data", '"cache"');
    return answer;
  };

  return new Map<string, Route>([
    [routes.login, { method: "GET", at: "login", handle: login }],
    [routes.callback, { method: "GET", at: "callback", handle: callback }],
    [routes.logout, { method: "POST", at: "logout", handle: logout }],
  ]);
}

/** How a run ended. Its own failure is in it, so that a wait which rejects was ended by the platform. */
type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

/** How long a request waits for what another one began. */
const joinMs = 20_000;

/** Joins what is under way for this key, or starts it where there is nothing or it is lost: see `join`. */
async function shared<Value>(
  running: Map<string, Promise<Outcome<Value>>>,
  key: string,
  start: () => Promise<Value>,
): Promise<Value> {
  const free = (run: Promise<Outcome<Value>>): void => {
    if (running.get(key) === run) running.delete(key);
  };
  const known = running.get(key);
  let outcome = known ? await join(known, joinMs) : lost;
  if (outcome === lost) {
    if (known) free(known);
    const started = start()
      .then(
        (value): Outcome<Value> => ({ value }),
        (error: unknown): Outcome<Value> => ({ error }),
      )
      .finally(() => free(started));
    running.set(key, started);
    outcome = await started;
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
