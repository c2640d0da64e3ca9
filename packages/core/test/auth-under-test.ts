import type { BitbucketAuth } from "../src/bitbucket-auth.ts";
import type { BitbucketAuthOptions } from "../src/bitbucket-auth-options.ts";
import { createBitbucketAuth } from "../src/create-bitbucket-auth.ts";
import { createMemoryStorage } from "../src/storage/memory-storage.ts";
import type { TokenStorage } from "../src/storage/token-storage.ts";
import type { PlainTokens } from "../src/token-endpoint/token-set.ts";
import { createFakeFetch, jsonResponse, tokenBody, type CannedAnswer, type FakeFetch } from "./fake-fetch.ts";
import { movableClock, type MovableClock } from "./refresh/refresh-under-test.ts";

export interface AuthUnderTest extends FakeFetch {
  readonly auth: BitbucketAuth;
  readonly clock: MovableClock;
  readonly storage: TokenStorage;
  /** Another one of the same consumer on the same storage, as another process would have it. */
  another(): BitbucketAuth;
}

/** A `BitbucketAuth` over a memory storage, canned answers and a clock that stands still. */
export function createAuthUnderTest(
  answers: readonly CannedAnswer[] = [],
  options: BitbucketAuthOptions = {},
): AuthUnderTest {
  const clock = movableClock();
  const storage = createMemoryStorage();
  const network = createFakeFetch(...orNothing(answers));
  const make = (): BitbucketAuth =>
    createBitbucketAuth({
      clientId: "id",
      clientSecret: "secret",
      storage,
      clock,
      fetch: network.fetch,
      logging: false,
      random: () => 0,
      ...options,
    });
  return { ...network, clock, storage, auth: make(), another: make };
}

/** What Bitbucket answers to a token request that it grants. */
export function grants(n: number): Response {
  return jsonResponse(tokenBody({ access_token: `access-${n}`, refresh_token: `refresh-${n}` }));
}

/** Tokens as a sign-in brings them, living two hours from now. */
export function freshTokens(clock: MovableClock): PlainTokens {
  return {
    accessToken: "access-1",
    refreshToken: "refresh-1",
    expiresAt: clock.now() + 7_200_000,
    scopes: ["account", "repository"],
    tokenType: "bearer",
  };
}

function orNothing(answers: readonly CannedAnswer[]): readonly [CannedAnswer, ...CannedAnswer[]] {
  const [first = new Error("nothing is to be sent"), ...others] = answers;
  return [first, ...others];
}
