import { originOf, type SignInFlow, type WebRequest } from "@bitbucket-auth/web/adapter";
import { NodeRequest } from "@bitbucket-auth/web/node";
import type { NextFunction, Request, Response } from "express";
import type { BitbucketApi } from "./request-types.js";

/** The sign-in flow of an Express app. */
export type ExpressFlow = SignInFlow<BitbucketApi>;

/** What Express has of one exchange. */
export interface Exchange {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
}

/** An Express request, seen as the flow's: the path it is mounted at and trusted proxies are Express's to know. */
export class ExpressRequest extends NodeRequest {
  readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    super(exchange.req, exchange.res);
    this.exchange = exchange;
  }
  override get target(): string {
    return this.exchange.req.originalUrl;
  }
  override get mount(): string {
    return this.exchange.req.baseUrl;
  }
  override get secure(): boolean {
    return this.exchange.req.secure;
  }
  override origin(): string | undefined {
    const { req } = this.exchange;
    return originOf(req.protocol, forwardedHost(req) ?? req.headers.host);
  }
}

/** What Express has of the exchange that a request of the flow belongs to. */
export function exchangeOf(request: WebRequest): Exchange {
  if (request instanceof ExpressRequest) return request.exchange;
  throw new TypeError("The request did not come through Express.");
}

/** What the proxy that Express was told to trust saw as the host. Express 4 has no way to ask for it with its port. */
function forwardedHost(req: Request): string | undefined {
  const isTrusted: unknown = req.app.get("trust proxy fn");
  const forwarded = req.headers["x-forwarded-host"];
  if (typeof isTrusted !== "function" || typeof forwarded !== "string") return undefined;
  const trusted: unknown = isTrusted(req.socket.remoteAddress, 0);
  return trusted === true ? forwarded.split(",", 1)[0]?.trim() : undefined;
}
