/** What a `FakeFetch` answers with: a response, a thrown error, or whatever the function makes of the request. */
export type CannedAnswer = Response | Error | ((request: FakeRequest) => Response | Promise<Response>);

/** One call, as it would have gone out. */
export interface FakeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly form: URLSearchParams;
  readonly redirect: RequestRedirect | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface FakeFetch {
  readonly fetch: typeof globalThis.fetch;
  readonly requests: readonly FakeRequest[];
}

/** A network with canned answers: the first call gets the first, and the last one repeats. It records what was sent. */
export function createFakeFetch(...answers: readonly [CannedAnswer, ...CannedAnswer[]]): FakeFetch {
  const requests: FakeRequest[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const body = typeof init?.body === "string" ? init.body : "";
    const request: FakeRequest = {
      url: input instanceof Request ? input.url : input.toString(),
      method: init?.method ?? "GET",
      headers: new Headers(init?.headers),
      body,
      form: new URLSearchParams(body),
      redirect: init?.redirect,
      signal: init?.signal ?? undefined,
    };
    requests.push(request);
    const answer = answers[Math.min(requests.length, answers.length) - 1] ?? answers[0];
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? answer(request) : answer.clone();
  };
  return { fetch, requests };
}

/** A JSON answer, as an API would give it. */
export function jsonResponse(body: unknown, init: ResponseInit = {}): Response {
  return Response.json(body, init);
}

/** What Bitbucket answers to a grant since May 2026, with whatever the test wants otherwise. */
export function tokenBody(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    access_token: "access-1",
    refresh_token: "refresh-1",
    expires_in: 7200,
    scope: "account repository",
    token_type: "bearer",
    state: "authorization_code",
    ...overrides,
  };
}

/** What Node's fetch throws when a connection fails. */
export function nodeFetchError(code: string, extra: object = {}): TypeError {
  return new TypeError("fetch failed", {
    cause: Object.assign(new Error(`failed: ${code}`), { code, ...extra }),
  });
}
