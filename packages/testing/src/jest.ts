import type { GrantRef } from "./lookup.js";
import type { BitbucketMock } from "./bitbucket-mock.js";
import type { TokenRequestPattern } from "./verdicts.js";

export { matchers as bitbucketMatchers, type BitbucketMatchers, type MatcherResult } from "./matchers.js";
export type { TokenRequestPattern } from "./verdicts.js";

// Note: this reaches the global `expect` of @types/jest. Whoever imports `expect` from `@jest/globals` has the matchers at
// run time, and declares them for the types in a module of their own.
declare global {
  namespace jest {
    // Note: the parameters repeat those of @types/jest, or the two declarations would not merge.
    interface Matchers<R, T = {}> {
      /** As many refresh requests were sent, whatever they were answered. */
      toHaveRefreshed(times: number): R;
      /** At least one token request looked like that. */
      toHaveReceivedTokenRequest(pattern?: TokenRequestPattern): R;
      /** No refresh token was presented again after its leeway. */
      toHaveNoRefreshTokenReuse(): R;
      /** Nothing was sent that Bitbucket refuses whoever asks. */
      toHaveNoViolations(): R;
      /** Bitbucket would still refresh the grant. */
      toHaveLiveSession(grant: GrantRef): R;
      /** The text has no token, code, verifier or secret of the fake in it, nor its base64. */
      toLeakNothingOf(mock: BitbucketMock): R;
    }
  }
}
