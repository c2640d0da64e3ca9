import { Readable } from "node:stream";
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from "fastify";
import type { BitbucketSession } from "./bitbucket-session.js";
import type { WebAnswer } from "./exchange.js";
import type { Seen } from "./flow.js";
import { NodeRequest } from "./node-exchange.js";
import { assertWeb, type GuardOptions, guardOptions } from "./options.js";
import { originOf } from "./same-origin.js";
import type { BitbucketWeb } from "./web.js";

const seenKey: unique symbol = Symbol("bitbucket-auth");

declare module "fastify" {
  interface FastifyRequest {
    /** Who is signed in. Behind `requireBitbucket()` it is always there. */
    bitbucket: BitbucketSession<unknown> | undefined;
    [seenKey]: Seen | undefined;
  }
}

/** The routes of the sign-in, and `request.bitbucket` for a signed-in user: `await app.register(toFastifyPlugin(bitbucket))`. */
export function toFastifyPlugin(bitbucket: BitbucketWeb): FastifyPluginCallback {
  assertWeb(bitbucket, "toFastifyPlugin()");
  const { flow } = bitbucket;
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.decorateRequest("bitbucket", undefined);
    app.decorateRequest(seenKey, undefined);
    // Note: before Fastify reads the body, which the proxy passes on.
    app.addHook("onRequest", async (request, reply) => {
      const { raw: req, protocol, host, originalUrl: target } = request;
      const facts = { target, secure: protocol === "https", origin: () => originOf(protocol, host) };
      const visit = await flow.visit(new NodeRequest(req, reply.raw, { ...facts, native: request }));
      const answer = flow.owns(visit) ? await flow.handle(visit) : undefined;
      if (answer) return send(answer, reply);
      request[seenKey] = { flow, visit };
      request.bitbucket = visit.user;
      return undefined;
    });
    done();
  };
  // For the whole app, not for a scope of its own: what `fastify-plugin` does.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/** An `onRequest` or `preHandler` hook: lets a request through when a user is signed in and has a token that works. */
export function requireBitbucket(
  options: GuardOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const { as } = guardOptions(options);
  return async (request, reply) => {
    const seen = request[seenKey];
    if (!seen) throw new TypeError("Register toFastifyPlugin() before requireBitbucket().");
    const answer = await seen.flow.guard(seen.visit, as);
    if (answer) return send(answer, reply);
    reply.header("Cache-Control", "no-store");
    return undefined;
  };
}

/** An error handler for what a session's methods reject with: `app.setErrorHandler(bitbucketErrors)`. Throws other errors on. */
export async function bitbucketErrors(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const seen = request[seenKey];
  const answer = await seen?.flow.answerError(error, seen.visit);
  if (!answer) throw error;
  return send(answer, reply);
}

function send({ status, headers, cookies, body = "" }: WebAnswer, reply: FastifyReply): FastifyReply {
  reply.code(status).headers(Object.fromEntries(headers));
  for (const cookie of cookies) reply.header("Set-Cookie", cookie);
  return reply.send(typeof body === "string" ? body : Readable.from(body));
}
