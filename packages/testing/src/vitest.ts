import type { MatchersObject } from "vitest";
import type { BitbucketMock } from "./fake/mock.js";
import type { GrantRef } from "./fake/state.js";
import { matchers, type TokenRequestPattern } from "./fake/verdicts.js";

export type { TokenRequestPattern } from "./fake/verdicts.js";

/** The matchers, for `expect.extend(bitbucketMatchers)`. */
export const bitbucketMatchers: MatchersObject = { ...matchers };

declare module "vitest" {
  // The parameters repeat vitest's own, or the two declarations would not merge.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
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
}
