import type { MatchersObject } from "vitest";
import type { BitbucketMock } from "./fake/mock.js";
import type { GrantRef } from "./fake/state.js";
import { matchers, type TokenRequestPattern } from "./fake/verdicts.js";

export type { TokenRequestPattern } from "./fake/verdicts.js";

/** For `expect.extend(bitbucketMatchers)`. */
export const bitbucketMatchers: MatchersObject = { ...matchers };

declare module "vitest" {
  // The parameters repeat vitest's own, or the two declarations would not merge.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
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
}
