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

/** Throws `AssertionError` unless exactly `times` refresh requests were sent, whatever they were answered. */
export function assertRefreshed(mock: BitbucketMock, times: number): void {
  enforce(judgeRefreshed(mock, times), assertRefreshed);
}

/** Throws `AssertionError` unless exactly one refresh request was sent and no refresh token came twice: the cost of any number of callers. */
export function expectSingleRefresh(mock: BitbucketMock): void {
  enforce(judgeRefreshed(mock, 1), expectSingleRefresh);
  enforce(judgeNoReuse(mock), expectSingleRefresh);
}

/** Throws `AssertionError` unless at least one token request fits the pattern. */
export function assertReceivedTokenRequest(mock: BitbucketMock, pattern: TokenRequestPattern = {}): void {
  enforce(judgeTokenRequest(mock, pattern), assertReceivedTokenRequest);
}

/** Throws `AssertionError` if a refresh token was presented again after its leeway. */
export function assertNoRefreshTokenReuse(mock: BitbucketMock): void {
  enforce(judgeNoReuse(mock), assertNoRefreshTokenReuse);
}

/** Throws `AssertionError` if something was sent that Bitbucket refuses from every caller. */
export function assertNoViolations(mock: BitbucketMock): void {
  enforce(judgeNoViolations(mock), assertNoViolations);
}

/** Throws `AssertionError` unless Bitbucket would still refresh the grant. */
export function assertLiveSession(mock: BitbucketMock, grant: GrantRef): void {
  enforce(judgeLiveSession(mock, grant), assertLiveSession);
}

/** Throws `AssertionError` if the text holds a token, code, verifier or secret of the fake, or its base64. */
export function assertLeaksNothing(mock: BitbucketMock, text: string): void {
  enforce(judgeNoLeak(mock, text), assertLeaksNothing);
}

function enforce({ pass, message }: Verdict, caller: (...given: never[]) => void): void {
  if (!pass) throw new AssertionError({ message, stackStartFn: caller });
}
