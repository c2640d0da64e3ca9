/** One request as it would have gone out. */
export interface SentRequest {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
  readonly init: RequestInit;
}

/** A token endpoint with canned answers: the last one repeats. An error is thrown, as a broken network would. */
export function createFakeTokenEndpoint(...answers: readonly (Response | Error)[]): {
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly SentRequest[];
} {
  const requests: SentRequest[] = [];
  return {
    requests,
    async fetch(input, init = {}) {
      requests.push({
        url: input instanceof Request ? input.url : input.toString(),
        form: new URLSearchParams(typeof init.body === "string" ? init.body : ""),
        headers: new Headers(init.headers),
        init,
      });
      const answer = answers[Math.min(requests.length, answers.length) - 1] ?? new Error("no answer");
      if (answer instanceof Error) throw answer;
      // What a clone forgets.
      return Object.defineProperty(answer.clone(), "redirected", { value: answer.redirected });
    },
  };
}

/** What Bitbucket answers to a grant since May 2026. */
function tokenBody(n: number, overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    access_token: `access-${n}`,
    refresh_token: `refresh-${n}`,
    expires_in: 7200,
    scope: "account repository",
    token_type: "bearer",
    state: "authorization_code",
    ...overrides,
  };
}

export function tokens(n: number, overrides: Readonly<Record<string, unknown>> = {}): Response {
  return Response.json(tokenBody(n, overrides));
}

export function refusal(error: string, status = 400): Response {
  return Response.json({ error, error_description: `because of ${error}` }, { status });
}
