import type { BitbucketMock } from "./bitbucket-mock.js";
import type { GrantType } from "./grant-type.js";
import type { GrantRef } from "./lookup.js";
import type { RequestEntry } from "./request-log.js";

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
  const sent = mock.requests.token("refresh_token");
  return {
    pass: sent.length === times,
    message: `expected ${times} refresh requests, the fake got ${sent.length}${listed(sent)}`,
  };
}

/** At least one token request looked like that. */
export function judgeTokenRequest(mock: BitbucketMock, pattern: TokenRequestPattern): Verdict {
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

/** Nothing was sent that Bitbucket refuses whoever asks. */
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
