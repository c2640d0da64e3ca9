import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { BitbucketSession } from "./bitbucket-session.js";
import type { WebAnswer } from "./exchange.js";
import type { Seen } from "./flow.js";
import { NodeRequest } from "./node-exchange.js";
import { assertWeb, type GuardOptions, guardOptions } from "./options.js";
import { originOf } from "./same-origin.js";
import type { BitbucketWeb } from "./web.js";

const seenKey: unique symbol = Symbol("bitbucket-auth");

/** The part of Koa's context that is used here. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly secure: boolean;
  readonly protocol: string;
  readonly host: string;
  /** `state.bitbucket` is who is signed in. */
  readonly state: { bitbucket?: BitbucketSession<unknown> | undefined; [seenKey]?: Seen };
  status: number;
  body: unknown;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
}

/** A middleware of Koa. */
export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * The routes of the sign-in, `ctx.state.bitbucket` for a signed-in user, and answers to what its methods reject with. Mount
 * it before the routes that need it, and before body parsers if there is a proxy.
 */
export function toKoaMiddleware(bitbucket: BitbucketWeb): KoaMiddleware {
  assertWeb(bitbucket, "toKoaMiddleware()");
  const { flow } = bitbucket;
  return async (ctx, next) => {
    const { req, res, originalUrl: target, secure } = ctx;
    const origin = (): string | undefined => originOf(ctx.protocol, ctx.host);
    const visit = await flow.visit(new NodeRequest(req, res, { target, secure, origin, native: ctx }));
    const answer = flow.owns(visit) ? await flow.handle(visit) : undefined;
    if (answer) return write(answer, ctx);
    ctx.state[seenKey] = { flow, visit };
    ctx.state.bitbucket = visit.user;
    try {
      await next();
    } catch (error) {
      const explained = await flow.answerError(error, visit);
      if (!explained) throw error;
      write(explained, ctx);
    }
  };
}

/** Lets a request through when a user is signed in and has a token that works; answers every other request. */
export function requireBitbucket(options: GuardOptions = {}): KoaMiddleware {
  const { as } = guardOptions(options);
  return async (ctx, next) => {
    const seen = ctx.state[seenKey];
    if (!seen) throw new TypeError("Mount toKoaMiddleware() before requireBitbucket().");
    const answer = await seen.flow.guard(seen.visit, as);
    if (answer) return write(answer, ctx);
    ctx.set("Cache-Control", "no-store");
    await next();
  };
}

function write({ status, headers, cookies, body = "" }: WebAnswer, ctx: KoaContext): void {
  ctx.status = status;
  ctx.body = typeof body === "string" ? body : Readable.from(body);
  for (const [name, value] of headers) ctx.set(name, value);
  for (const cookie of cookies) ctx.append("Set-Cookie", cookie);
}
