import type { BitbucketAuth, Clock } from "@bitbucket-auth/core";
import type { OnSignIn } from "./bitbucket-auth-options.js";
import type { SessionEpochs } from "./session-epoch.js";
import type { SessionKeeper } from "./session.js";
import type { TransactionCookies } from "./transaction-cookie.js";
import type { Request } from "express";

/** What the routes work with. */
export interface RouteContext {
  readonly auth: BitbucketAuth;
  readonly clock: Clock;
  readonly baseUrl: URL | undefined;
  readonly routes: { readonly login: string; readonly callback: string; readonly logout: string };
  readonly onSignIn: OnSignIn | undefined;
  readonly transactions: TransactionCookies;
  readonly epochs: SessionEpochs;
  readonly keeperFor: (req: Request) => SessionKeeper;
}
