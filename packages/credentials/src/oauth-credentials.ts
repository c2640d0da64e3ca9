import {
  gitCredentials,
  type BitbucketAuth,
  type FetchForOptions,
  type GetTokenOptions,
  type TokenSet,
} from "@bitbucket-auth/core";
import { assertMethods, assertOptions, assertText } from "@bitbucket-auth/core/internal";
import { printAsKind, readSignal, type Credential } from "./credential.js";
import { verifyCredential } from "./verify.js";

/** What `oauthCredential` takes. */
export interface OAuthCredentialOptions {
  readonly auth: BitbucketAuth;
  /** The account key of the grant, as `finishAuthorization()` answered it: the user's `uuid` as a rule. */
  readonly account: string;
}

/** What `consumerCredential` takes. */
export interface ConsumerCredentialOptions {
  readonly auth: BitbucketAuth;
}

/**
 * A user's OAuth grant: `Bearer` to the API, `x-token-auth` to Git, renewed by core.
 *
 * Throws `InvalidOptionsError` for an `account` that is empty or absent: a session that lost its account must not act as the
 * consumer.
 */
export function oauthCredential(options: OAuthCredentialOptions): Credential {
  assertOptions(options, "oauthCredential()", ["auth", "account"]);
  const { auth, account } = options;
  assertMethods(auth, "auth", ["getTokens", "getAccessToken", "fetchFor"]);
  assertText(account, "account", ": for the consumer itself use consumerCredential()");
  return renewedCredential("oauth", {
    getTokens: (want) => auth.getTokens(account, want),
    fetchFor: (limits) => auth.fetchFor(account, limits),
  });
}

/** The consumer itself, by client credentials: `Bearer` to the API, `x-token-auth` to Git, renewed by core. */
export function consumerCredential(options: ConsumerCredentialOptions): Credential {
  assertOptions(options, "consumerCredential()", ["auth"]);
  const { auth } = options;
  assertMethods(auth, "auth", ["getTokens", "getAccessToken", "fetchFor"]);
  return renewedCredential("consumer", {
    getTokens: (want) => auth.getTokens(want),
    fetchFor: (limits) => auth.fetchFor(limits),
  });
}

function renewedCredential(
  kind: "oauth" | "consumer",
  grant: {
    readonly getTokens: (want: GetTokenOptions) => Promise<TokenSet>;
    readonly fetchFor: (limits: FetchForOptions) => typeof globalThis.fetch;
  },
): Credential {
  const credential: Credential = {
    kind,
    async authorization(options) {
      const { accessToken } = await grant.getTokens({ signal: readSignal(options, "authorization()") });
      return `Bearer ${accessToken}`;
    },
    fetch: grant.fetchFor({}),
    fetchWith: grant.fetchFor,
    async git(options) {
      const { accessToken, expiresAt } = await grant.getTokens({ signal: readSignal(options, "git()") });
      return gitCredentials(accessToken, { expiresAt });
    },
    async verify(options) {
      const signal = readSignal(options, "verify()");
      return verifyCredential({
        kind,
        fetch: credential.fetch,
        question: { route: "/2.0/user", scope: "account" },
        signal,
        tokens: () => grant.getTokens({ signal }),
      });
    },
  };
  return printAsKind(credential);
}
