import { assertObject } from "../assert-options.js";
import type { ResolvedOptions } from "../bitbucket-auth-options.js";
import { signedInUser } from "../api/signed-in-user.js";
import { AuthorizationCallbackError } from "../errors.js";
import { authorizationCodeForm } from "../grants/authorization-code.js";
import { recordFromResponse, tokensFromRecord } from "../refresh/record-from-response.js";
import type { RefreshContext } from "../refresh/refresh-context.js";
import { startDeadline } from "../refresh/timers.js";
import type { TokenRecord } from "../storage/token-record.js";
import { sealTokens, type TokenSet } from "../token-endpoint/token-set.js";
import { readAuthorizationCallback } from "./authorization-callback.js";
import {
  createAuthorizationTransaction,
  type AuthorizationTransaction,
} from "./authorization-transaction.js";
import { buildAuthorizationUrl } from "./authorization-url.js";
import { createUsedStates } from "./used-states.js";

/** What the callback route hands over. */
export interface FinishAuthorizationOptions {
  /** The URL Bitbucket called back, or its query. */
  readonly callback: string | URL | URLSearchParams;
  /** What `startAuthorization` gave for this person. */
  readonly transaction: AuthorizationTransaction;
  /** Under which key the grant is kept. @default the user's `uuid`, asked from `GET /2.0/user` */
  readonly account?: string | ((tokens: TokenSet) => string | Promise<string>) | undefined;
}

/** A consent that became a record, not saved yet. */
export interface ObtainedGrant {
  readonly account: string;
  readonly record: TokenRecord;
}

/** The two legs of a sign-in. */
export interface SignIn {
  start(redirectUri: string | undefined): Promise<{ url: string; transaction: AuthorizationTransaction }>;
  /** Checks the callback, exchanges the code once and finds out whose grant it is. */
  obtain(options: FinishAuthorizationOptions): Promise<ObtainedGrant>;
}

/** Remembers used states for this process; everything else travels in the transaction. */
export function createSignIn(options: ResolvedOptions, context: RefreshContext): SignIn {
  const { credentials, endpoints, clock, fetch, timeoutMs } = options;
  const usedStates = createUsedStates({ clock });
  const issuer = new URL(endpoints.authorizationUrl).origin;

  const exchange = async (
    code: string,
    { codeVerifier, redirectUri }: AuthorizationTransaction,
  ): Promise<TokenRecord> => {
    const deadline = startDeadline(timeoutMs);
    try {
      const form = authorizationCodeForm({ code, codeVerifier, redirectUri });
      const answer = await context.requestTokens(form, "authorization_code", deadline.signal);
      if (answer.kind !== "tokens") throw answer.error;
      return await recordFromResponse(context, answer.response, { fence: 0 });
    } finally {
      deadline.cancel();
    }
  };

  return {
    async start(redirectUri) {
      const transaction = createAuthorizationTransaction({ redirectUri, clock });
      const { authorizationUrl } = endpoints;
      const url = await buildAuthorizationUrl({
        clientId: credentials.clientId,
        transaction,
        authorizationUrl,
      });
      return { url, transaction };
    },

    async obtain(answer) {
      assertObject(answer, "The argument of finishAuthorization()");
      const { callback, transaction, account } = answer;
      const { code } = readAuthorizationCallback({ callback, transaction, clock, issuer, usedStates });
      const record = await exchange(code, transaction);
      if (typeof account === "string") return { account, record };
      if (account) {
        const chosen = await account(sealTokens(tokensFromRecord(record, context.clock)));
        if (typeof chosen === "string" && chosen !== "") return { account: chosen, record };
        throw new AuthorizationCallbackError(
          "The `account` function named no account. Nothing was saved; sign in again.",
        );
      }
      return {
        account: await signedInUser(record.accessToken, { apiUrl: endpoints.apiUrl, fetch, timeoutMs }),
        record,
      };
    },
  };
}
