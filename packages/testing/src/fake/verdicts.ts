import type { BitbucketMock } from "./mock.js";
import type { GrantType } from "./operation.js";
import type { RequestEntry } from "./request-log.js";
import type { GrantRef } from "./state.js";

/** Whether something is so, and what to tell the reader of a failing test either way. Never shows a token. */
export interface Verdict {
  readonly pass: boolean;
  /** What would have had to be different. */
  readonly message: string;
}

/** What a token request is looked for by. */
export interface TokenRequestPattern {
  readonly grantType?: GrantType;
  readonly clientId?: string;
  readonly grantId?: string;
  readonly status?: number;
}

/** As many refresh requests were sent as `times` says, whatever they were answered. */
export function judgeRefreshed(mock: BitbucketMock, times: number): Verdict {
  // Note: with `.not` a count that is none would pass whatever was sent.
  if (!Number.isInteger(times) || times < 0)
    throw new TypeError("How many refresh requests? Pass their number, 0 or more.");
  const sent = mock.requests.token("refresh_token");
  return {
    pass: sent.length === times,
    message: `expected ${times} refresh requests, the fake got ${sent.length}${listed(sent)}`,
  };
}

const patternNames = ["grantType", "clientId", "grantId", "status"];

/** At least one token request looked like that. */
export function judgeTokenRequest(mock: BitbucketMock, pattern: TokenRequestPattern): Verdict {
  const unknown = Object.keys(pattern).find((name) => !patternNames.includes(name));
  if (unknown !== undefined)
    throw new TypeError(
      `A token request is not looked for by "${unknown}", but by ${patternNames.join(", ")}.`,
    );
  const sent = mock.requests.token();
  const found = sent.filter(
    (entry) =>
      (pattern.grantType === undefined || entry.grantType === pattern.grantType) &&
      (pattern.clientId === undefined || entry.clientId === pattern.clientId) &&
      (pattern.grantId === undefined || entry.grantId === pattern.grantId) &&
      (pattern.status === undefined || entry.status === pattern.status),
  );
  return {
    pass: found.length > 0,
    message: `expected a token request with ${JSON.stringify(pattern)}, ${found.length} of ${sent.length} fit${listed(sent)}`,
  };
}

/** No refresh token was presented again after its leeway: the mistake that loses grants. */
export function judgeNoReuse(mock: BitbucketMock): Verdict {
  const reuses = mock.requests.token("refresh_token").filter((entry) => entry.reused);
  return {
    pass: mock.reuseCount === 0,
    message: `expected no refresh token to be used again after its leeway, there were ${mock.reuseCount}${listed(reuses)}`,
  };
}

/** Nothing was sent that Bitbucket refuses from every caller. */
export function judgeNoViolations({ violations }: BitbucketMock): Verdict {
  const lines = violations.map(
    ({ request, method, path, message }) => `\n  #${request} ${method} ${path}: ${message}`,
  );
  return {
    pass: violations.length === 0,
    message: `expected no violations, there were ${violations.length}${lines.join("")}`,
  };
}

/** Bitbucket would still refresh the grant. */
export function judgeLiveSession(mock: BitbucketMock, ref: GrantRef): Verdict {
  const { id, live, generation, reuseCount } = mock.grant(ref);
  return {
    pass: live,
    message: `expected ${id} to be ${live ? "dead" : "alive"}; it is at generation ${generation} with ${reuseCount} reuses`,
  };
}

/** No token, code, verifier or secret of the fake is in the text, nor its base64. */
export function judgeNoLeak(mock: BitbucketMock, text: string): Verdict {
  const leaked = mock.leaks(text);
  return {
    pass: leaked.length === 0,
    message: `expected no secret in the text, there are: ${leaked.join(", ")}`,
  };
}

function listed(entries: readonly RequestEntry[]): string {
  const lines = entries.map(
    ({ number, op, grantId = "no grant", generation, status = "no answer", fault }) => {
      const presented = generation === undefined ? "" : ` generation ${generation}`;
      return `\n  #${number} ${op} ${grantId}${presented}: ${status}${fault === undefined ? "" : ` (fault: ${fault})`}`;
    },
  );
  return lines.join("");
}

/** What a runner wants of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matchers as `expect.extend()` takes them, in vitest and in jest. A type and no interface: jest asks for an index
 * signature, which an interface never has.
 */
export type BitbucketMatchers = {
  readonly toHaveRefreshed: (mock: BitbucketMock, times: number) => MatcherResult;
  readonly toHaveReceivedTokenRequest: (mock: BitbucketMock, pattern?: TokenRequestPattern) => MatcherResult;
  readonly toHaveNoRefreshTokenReuse: (mock: BitbucketMock) => MatcherResult;
  readonly toHaveNoViolations: (mock: BitbucketMock) => MatcherResult;
  readonly toHaveLiveSession: (mock: BitbucketMock, grant: GrantRef) => MatcherResult;
  readonly toLeakNothingOf: (text: string, mock: BitbucketMock) => MatcherResult;
};

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
