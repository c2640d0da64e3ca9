import { AssertionError } from "node:assert";
import type { BitbucketMock } from "./fake/mock.js";
import type { GrantRef } from "./fake/state.js";
import {
  judgeLiveSession,
  judgeNoLeak,
  judgeNoReuse,
  judgeNoViolations,
  judgeRefreshed,
  judgeTokenRequest,
  type TokenRequestPattern,
  type Verdict,
} from "./fake/verdicts.js";

export type { TokenRequestPattern } from "./fake/verdicts.js";

/** As many refresh requests were sent, whatever they were answered. Throws `AssertionError`, as all of these do. */
export function assertRefreshed(mock: BitbucketMock, times: number): void {
  enforce(judgeRefreshed(mock, times), assertRefreshed);
}

/** Exactly one refresh request was sent, and no refresh token twice: what any number of callers may cost. */
export function expectSingleRefresh(mock: BitbucketMock): void {
  enforce(judgeRefreshed(mock, 1), expectSingleRefresh);
  enforce(judgeNoReuse(mock), expectSingleRefresh);
}

/** At least one token request looked like that. */
export function assertReceivedTokenRequest(mock: BitbucketMock, pattern: TokenRequestPattern = {}): void {
  enforce(judgeTokenRequest(mock, pattern), assertReceivedTokenRequest);
}

/** No refresh token was presented again after its leeway. */
export function assertNoRefreshTokenReuse(mock: BitbucketMock): void {
  enforce(judgeNoReuse(mock), assertNoRefreshTokenReuse);
}

/** Nothing was sent that Bitbucket refuses from every caller. */
export function assertNoViolations(mock: BitbucketMock): void {
  enforce(judgeNoViolations(mock), assertNoViolations);
}

/** Bitbucket would still refresh the grant. */
export function assertLiveSession(mock: BitbucketMock, grant: GrantRef): void {
  enforce(judgeLiveSession(mock, grant), assertLiveSession);
}

/** The text has no token, code, verifier or secret of the fake in it, nor its base64. */
export function assertLeaksNothing(mock: BitbucketMock, text: string): void {
  enforce(judgeNoLeak(mock, text), assertLeaksNothing);
}

function enforce({ pass, message }: Verdict, caller: (...given: never[]) => void): void {
  if (!pass) throw new AssertionError({ message, stackStartFn: caller });
}
