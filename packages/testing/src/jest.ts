import type { BitbucketMock } from "./fake/mock.js";
import type { GrantRef } from "./fake/state.js";
import type { TokenRequestPattern } from "./fake/verdicts.js";

export {
  matchers as bitbucketMatchers,
  type BitbucketMatchers,
  type MatcherResult,
  type TokenRequestPattern,
} from "./fake/verdicts.js";

/** What `expect()` has after `expect.extend(bitbucketMatchers)`. */
export interface BitbucketJestMatchers<R> {
  /** As many refresh requests were sent, whatever they were answered. */
  toHaveRefreshed(times: number): R;
  /** At least one token request looked like that. */
  toHaveReceivedTokenRequest(pattern?: TokenRequestPattern): R;
  /** No refresh token was presented again after its leeway. */
  toHaveNoRefreshTokenReuse(): R;
  /** Nothing was sent that Bitbucket refuses from every caller. */
  toHaveNoViolations(): R;
  /** Bitbucket would still refresh the grant. */
  toHaveLiveSession(grant: GrantRef): R;
  /** The text has no token, code, verifier or secret of the fake in it, nor its base64. */
  toLeakNothingOf(mock: BitbucketMock): R;
}

// This reaches the global `expect` of @types/jest. Where `expect` is imported from `@jest/globals`, its types are those of the
// package `expect`, which only the project itself can be sure to find: the guide has the three lines.
declare global {
  namespace jest {
    // The parameters repeat those of @types/jest, or the two declarations would not merge.
    interface Matchers<R, T = {}> extends BitbucketJestMatchers<R> {}
  }
}
