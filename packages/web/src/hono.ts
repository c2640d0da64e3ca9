import type { MiddlewareHandler } from "hono";
import type { BitbucketSession } from "./bitbucket-session.js";
import { toResponse } from "./exchange.js";
import type { Seen } from "./flow.js";
import { HonoRequest, keepOutOfCaches } from "./hono-exchange.js";
import { assertWeb, type GuardOptions, guardOptions } from "./options.js";
import type { BitbucketWeb } from "./web.js";

const seenKey: unique symbol = Symbol("bitbucket-auth");

/** What `c.var` has behind the middleware: a signed-in user, or `undefined`. */
export interface BitbucketVariables<Api = unknown> {
  readonly bitbucket?: BitbucketSession<Api> | undefined;
  readonly [seenKey]?: Seen;
}

/** What `c.var` has behind `requireBitbucket()`. */
export interface GuardedVariables<Api = unknown> {
  readonly bitbucket: BitbucketSession<Api>;
  readonly [seenKey]?: Seen;
}

/**
 * The routes of the sign-in, `c.var.bitbucket` for a signed-in user, and answers to what its methods reject with. Mount it
 * with `app.use()` before the routes that need it.
 */
export function toHonoMiddleware<Api>(
  bitbucket: BitbucketWeb<Api>,
): MiddlewareHandler<{ Variables: BitbucketVariables<Api> }> {
  assertWeb(bitbucket, "toHonoMiddleware()");
  const { flow } = bitbucket;
  return async (c, next) => {
    const looking = flow.visit(new HonoRequest(c.req.raw, c.env));
    // Note: awaited only where it has to be. A promise for every request would show.
    const visit = "then" in looking ? await looking : looking;
    if (flow.owns(visit)) {
      const answer = await flow.handle(visit);
      if (answer) return toResponse(answer);
    }
    c.set(seenKey, { flow, visit });
    c.set("bitbucket", visit.user);
    await next();
    const explained = c.error && (await flow.answerError(c.error, visit));
    if (explained) c.res = toResponse(explained);
    return undefined;
  };
}

/** Lets a request through when a user is signed in and has a token that works; answers every other request. */
export function requireBitbucket<Api = unknown>(
  options: GuardOptions = {},
): MiddlewareHandler<{ Variables: GuardedVariables<Api> }> {
  const { as } = guardOptions(options);
  return async (c, next) => {
    const seen = c.get(seenKey);
    if (!seen) throw new TypeError("Mount toHonoMiddleware() before requireBitbucket().");
    const { flow, visit } = seen;
    const answer = flow.passes(visit) ? undefined : await flow.guard(visit, as);
    if (answer) return toResponse(answer);
    keepOutOfCaches(c);
    await next();
    return undefined;
  };
}
