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
  /** Passes when exactly `times` refresh requests were sent, whatever they were answered. */
  toHaveRefreshed(times: number): R;
  /** Passes when at least one token request fits the pattern. */
  toHaveReceivedTokenRequest(pattern?: TokenRequestPattern): R;
  /** Passes when no refresh token was presented again after its leeway. */
  toHaveNoRefreshTokenReuse(): R;
  /** Passes when nothing was sent that Bitbucket refuses from every caller. */
  toHaveNoViolations(): R;
  /** Passes when Bitbucket would still refresh the grant. */
  toHaveLiveSession(grant: GrantRef): R;
  /** Passes when the text holds no token, code, verifier or secret of the fake, nor its base64. */
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
