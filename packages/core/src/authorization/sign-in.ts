import * as z from "zod/mini";
import { readApiError } from "../api/error.js";
import { type AuthorizationSource, createAuthenticatedFetch } from "../api/fetch.js";
import { AuthorizationCallbackError, ApiRequestError } from "../errors.js";
import { assertOptions, assertText } from "../environment.js";
import { type ResolvedOptions } from "../options.js";
import { recordFromResponse, tokensFromRecord } from "../refresh/redeem.js";
import type { RefreshParts } from "../refresh/parts.js";
import type { TokenRecord } from "../storage/record.js";
import { lazy } from "../text.js";
import { startDeadline } from "../timing.js";
import { authorizationCodeForm } from "../token-endpoint/grants.js";
import { sealTokens, type TokenSet } from "../token-endpoint/response.js";
import { readAuthorizationCallback, createUsedStates } from "./callback.js";
import {
  createAuthorizationTransaction,
  type AuthorizationTransaction,
  buildAuthorizationUrl,
} from "./transaction.js";

/** What the callback route hands over. */
export interface FinishAuthorizationOptions {
  /** The URL that Bitbucket called back, its path and query (`req.originalUrl` in Express), or its query. */
  readonly callback: string | URL | URLSearchParams;
  /** What `startAuthorization` gave for this user. */
  readonly transaction: AuthorizationTransaction;
  /** Under which key the grant is kept. @default the user's `uuid`, asked from `GET /2.0/user` */
  readonly account?: string | ((tokens: TokenSet) => string | Promise<string>) | undefined;
  /** `true` asks for the user also where `account` says how the grant is stored. @default false */
  readonly user?: boolean | undefined;
}

/** The user who signed in, from `GET /2.0/user`: the fields that every kind of account has. */
export interface SignedInUser {
  /** Bitbucket's own id, in braces. Never changes. */
  readonly uuid: string;
  /** The Atlassian account's id, shared with Jira and Confluence. */
  readonly accountId?: string;
  readonly displayName?: string;
  /** May change, and is not unique. */
  readonly nickname?: string;
}

/** A consent that became a record, not saved yet. */
export interface ObtainedGrant {
  readonly account: string;
  /** Where Bitbucket was asked. */
  readonly user?: SignedInUser | undefined;
  readonly record: TokenRecord;
}

/** The two steps of a sign-in: before the user consents, and after. */
export interface SignIn {
  start(redirectUri: string | undefined): Promise<{ url: string; transaction: AuthorizationTransaction }>;
  /** Checks the callback, exchanges the code once and finds out which account the grant belongs to. */
  obtain(options: FinishAuthorizationOptions): Promise<ObtainedGrant>;
}

/** Remembers used states for this process; everything else travels in the transaction. */
export function createSignIn(options: ResolvedOptions, context: RefreshParts): SignIn {
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
      // `url` is not read: a caller may spread the whole answer of startAuthorization().
      assertOptions(answer, "finishAuthorization()", ["callback", "transaction", "account", "user", "url"]);
      const { callback, transaction, account, user: wantsUser = false } = answer;
      if (account !== undefined && typeof account !== "function") assertText(account, "account");
      const { code } = readAuthorizationCallback({ callback, transaction, clock, issuer, usedStates });
      const record = await exchange(code, transaction);
      const askForUser = (): Promise<SignedInUser> =>
        signedInUser(record.accessToken, { apiUrl: endpoints.apiUrl, fetch, timeoutMs });
      if (account === undefined) {
        const user = await askForUser();
        return { account: user.uuid, user, record };
      }
      const chosen =
        typeof account === "string"
          ? account
          : await account(sealTokens(tokensFromRecord(record, context.clock)));
      if (typeof chosen !== "string" || chosen === "") {
        throw new AuthorizationCallbackError(
          "The `account` function named no account. Nothing was saved; sign in again.",
        );
      }
      return { account: chosen, record, user: wantsUser ? await askForUser() : undefined };
    },
  };
}

const userSchema = /* @__PURE__ */ lazy(() => {
  const anything = z.optional(z.unknown());
  return z.object({
    uuid: z.string().check(z.regex(/./s)),
    account_id: anything,
    display_name: anything,
    nickname: anything,
  });
});

/**
 * Asks Bitbucket whose access token this is.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
 */
async function signedInUser(
  accessToken: string,
  options: { readonly apiUrl: string; readonly fetch: typeof globalThis.fetch; readonly timeoutMs: number },
): Promise<SignedInUser> {
  // Not renewed after a 401: this token is the newest there is.
  const source: AuthorizationSource = {
    authorization: async () => `Bearer ${accessToken}`,
    whenRefused:
      "Bitbucket's API refuses the access token it has just issued. Check the consumer's permissions, then sign in again.",
  };
  const fetchAsUser = createAuthenticatedFetch({ ...options, source });
  const response = await fetchAsUser("/2.0/user");
  if (!response.ok) throw await readApiError(response, { call: "GET /2.0/user", secrets: [accessToken] });
  const said = userSchema().safeParse(await response.json().catch(() => undefined));
  if (said.success) {
    const { uuid, account_id, display_name, nickname } = said.data;
    return {
      uuid,
      ...(isText(account_id) && { accountId: account_id }),
      ...(isText(display_name) && { displayName: display_name }),
      ...(isText(nickname) && { nickname }),
    };
  }
  throw new ApiRequestError(
    "Bitbucket's answer to GET /2.0/user names no uuid, so the grant was not saved. Sign in again, or pass `account` yourself.",
    { transient: true, action: "retry", status: response.status },
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
