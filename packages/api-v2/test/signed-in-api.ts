import { createBitbucketAuth, type BitbucketAuth } from "@bitbucket-auth/core";
import {
  createBitbucketMock,
  type BitbucketMock,
  type BitbucketMockOptions,
  type Grant,
} from "@bitbucket-auth/testing";
import { createAuthenticatedAPI, type ApiLimits, type BitbucketAPI } from "../src/index.ts";

/** A fake Bitbucket, a user who signed in, and their API. */
export interface SignedInApi {
  readonly mock: BitbucketMock;
  readonly grant: Grant;
  readonly auth: BitbucketAuth;
  readonly api: BitbucketAPI;
}

/** On a clock that stands still until a test moves it. */
export async function signedInApi(
  bitbucket: BitbucketMockOptions = {},
  limits: ApiLimits = {},
): Promise<SignedInApi> {
  const mock = createBitbucketMock({
    profile: "strict",
    clock: { now: () => Date.UTC(2026, 10, 2) },
    ...bitbucket,
  });
  const grant = mock.issueGrant();
  const auth = createBitbucketAuth({
    ...grant.clientOptions,
    fetch: mock.fetch,
    clock: mock.clock,
    logging: false,
  });
  await auth.saveTokens("alice", grant.tokens);
  return { mock, grant, auth, api: await createAuthenticatedAPI({ auth, account: "alice", ...limits }) };
}

/** What a promise rejects with; fails when it does not. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  if (result.status === "fulfilled") throw new Error("It was expected to reject, and it resolved.");
  return result.reason;
}
