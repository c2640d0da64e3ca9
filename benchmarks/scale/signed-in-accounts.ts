import {
  createBitbucketAuth,
  createMemoryStorage,
  type BitbucketAuth,
  type BitbucketAuthOptions,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock } from "@bitbucket-auth/testing";
import { frozenClock } from "./frozen-clock.ts";

export interface SignedInAccounts {
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  readonly accounts: readonly string[];
}

/** A program in which so many accounts are signed in, and its fake Bitbucket, both on the fake's clock. */
export async function signedInAccounts(
  count: number,
  options: BitbucketAuthOptions = {},
): Promise<SignedInAccounts> {
  const mock = createBitbucketMock({
    clock: frozenClock,
    profile: { base: "strict", accessTokenLength: 40, refreshTokenLength: 40 },
  });
  const { clock } = mock;
  const storage: TokenStorage = createMemoryStorage({ clock });
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    storage,
    clock,
    fetch: mock.fetch,
    logging: false,
    ...options,
  });
  const accounts = Array.from({ length: count }, (_, index) => `account ${index}`);
  for (const account of accounts) await auth.saveTokens(account, mock.issueGrant().tokens);
  return { mock, auth, accounts };
}
