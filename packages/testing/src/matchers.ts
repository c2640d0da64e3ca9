import type { BitbucketMock } from "./bitbucket-mock.js";
import type { GrantRef } from "./lookup.js";
import {
  judgeLiveSession,
  judgeNoLeak,
  judgeNoReuse,
  judgeNoViolations,
  judgeRefreshed,
  judgeTokenRequest,
  type TokenRequestPattern,
  type Verdict,
} from "./verdicts.js";

/** What a runner wants of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers as `expect.extend()` takes them, in vitest and in jest. */
export interface BitbucketMatchers {
  toHaveRefreshed(mock: BitbucketMock, times: number): MatcherResult;
  toHaveReceivedTokenRequest(mock: BitbucketMock, pattern?: TokenRequestPattern): MatcherResult;
  toHaveNoRefreshTokenReuse(mock: BitbucketMock): MatcherResult;
  toHaveNoViolations(mock: BitbucketMock): MatcherResult;
  toHaveLiveSession(mock: BitbucketMock, grant: GrantRef): MatcherResult;
  toLeakNothingOf(text: string, mock: BitbucketMock): MatcherResult;
}

/** One set for both runners: they call matchers the same way. */
export const matchers: BitbucketMatchers = {
  toHaveRefreshed: (mock: BitbucketMock, times: number) => result(judgeRefreshed(mock, times)),
  toHaveReceivedTokenRequest: (mock: BitbucketMock, pattern: TokenRequestPattern = {}) =>
    result(judgeTokenRequest(mock, pattern)),
  toHaveNoRefreshTokenReuse: (mock: BitbucketMock) => result(judgeNoReuse(mock)),
  toHaveNoViolations: (mock: BitbucketMock) => result(judgeNoViolations(mock)),
  toHaveLiveSession: (mock: BitbucketMock, grant: GrantRef) => result(judgeLiveSession(mock, grant)),
  toLeakNothingOf: (text: string, mock: BitbucketMock) => result(judgeNoLeak(mock, text)),
};

function result({ pass, message }: Verdict): MatcherResult {
  return { pass, message: () => (pass ? `not ${message}` : message) };
}
