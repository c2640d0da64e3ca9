import {
  createBitbucketAuth,
  type BitbucketAuth,
  type BitbucketAuthOptions,
  type Clock,
} from "@bitbucket-auth/core";
import {
  createBitbucketMock,
  type BitbucketMock,
  type BitbucketMockOptions,
  type Grant,
} from "@bitbucket-auth/testing";

/** A fake Bitbucket and a program that has signed alice in, both on the fake's clock. */
export interface SignedInApp {
  readonly mock: BitbucketMock;
  readonly auth: BitbucketAuth;
  readonly grant: Grant;
  /** Lets the access token run out, by the clock both sides read. */
  expire(): Promise<void>;
  /** Another program on the same fake, with its own memory. */
  another(options?: BitbucketAuthOptions): BitbucketAuth;
  tokenRequests(): number;
}

export interface SignedInAppOptions extends BitbucketAuthOptions {
  readonly bitbucket?: BitbucketMockOptions;
}

/** Time that stands still until a test moves it. */
export const frozenClock: Clock = { now: () => Date.UTC(2026, 10, 2) };

/** Strict by default: rotation, no leeway, and reuse kills the family. */
export async function signedInApp(options: SignedInAppOptions = {}): Promise<SignedInApp> {
  const { bitbucket, ...authOptions } = options;
  const mock = createBitbucketMock({ profile: "strict", clock: frozenClock, ...bitbucket });
  const grant = mock.issueGrant();
  const another = (others: BitbucketAuthOptions = {}): BitbucketAuth =>
    createBitbucketAuth({
      ...grant.clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
      ...others,
    });
  const auth = another(authOptions);
  await auth.saveTokens("alice", grant.tokens);
  return {
    mock,
    auth,
    grant,
    expire: () => mock.clock.advance("121m"),
    another,
    tokenRequests: () => mock.requests.token("refresh_token").length,
  };
}

/** Calls `ask` that many times at once. */
export function atOnce<T>(callers: number, ask: (caller: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: callers }, (_, caller) => ask(caller)));
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  if (result.status === "fulfilled") throw new Error("It was expected to reject, and it resolved.");
  return result.reason;
}
