import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { BitbucketSession } from "./bitbucket-session.js";
import { NodeRequest, sendAnswer } from "./node-exchange.js";
import { assertWeb, type GuardOptions, guardOptions } from "./options.js";
import type { BitbucketWeb } from "./web.js";

export { type NodeFacts, NodeRequest, sendAnswer, writeAnswerHead } from "./node-exchange.js";

/** What a listener of yours is told of a request. */
export interface NodeVisit<Api> {
  /** Who is signed in. */
  readonly user: BitbucketSession<Api> | undefined;
  /** The session, with a token that works; or nothing, when the request had to be answered here instead. */
  guard(options?: GuardOptions): Promise<BitbucketSession<Api> | undefined>;
}

/** Answers what is not a route of the sign-in. Errors of ours that it rejects with are answered as everywhere. */
export type NodeApp<Api> = (req: IncomingMessage, res: ServerResponse, visit: NodeVisit<Api>) => unknown;

/** A listener for `node:http` and `node:https`: the routes of the sign-in, and `app` for the rest. */
export function toNodeListener<Api>(bitbucket: BitbucketWeb<Api>, app: NodeApp<Api>): RequestListener {
  assertWeb(bitbucket, "toNodeListener()");
  if (typeof app !== "function")
    throw new InvalidOptionsError("toNodeListener() wants a function for the rest of the app.");
  const { flow } = bitbucket;
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const visit = await flow.visit(new NodeRequest(req, res));
    try {
      const own = flow.owns(visit) ? await flow.handle(visit) : undefined;
      if (own) return await sendAnswer(own, res);
      const { user } = visit;
      const guard = async (options: GuardOptions = {}): Promise<BitbucketSession<Api> | undefined> => {
        const { as } = guardOptions(options);
        const refusal = flow.passes(visit) ? undefined : await flow.guard(visit, as);
        if (refusal) await sendAnswer(refusal, res);
        else res.setHeader("Cache-Control", "no-store");
        return refusal ? undefined : user;
      };
      await app(req, res, { user, guard });
    } catch (error) {
      const explained = res.headersSent ? undefined : await flow.answerError(error, visit);
      if (!explained) throw error;
      await sendAnswer(explained, res);
    }
  };
  return (req, res) =>
    void answer(req, res).catch((error: unknown) => {
      // No framework is here that would log it.
      flow.report(error);
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { "Content-Type": "text/plain" }).end("Internal Server Error");
    });
}
