import {
  type AccessTokenSource,
  type AuthenticatedFetchOptions,
  bearerSource,
  createAuthenticatedFetch,
} from "../../src/api/fetch.ts";
import { type CannedAnswer, createFakeFetch, type FakeRequest, jsonResponse } from "../fake-fetch.ts";

export const apiUrl = "https://api.bitbucket.org";

export interface ApiUnderTest {
  readonly fetch: typeof globalThis.fetch;
  /** What went out, in order. */
  readonly requests: readonly FakeRequest[];
  /** The `rejected` of each time a token was asked for, in order. */
  readonly asked: readonly (string | undefined)[];
}

/** An authenticated fetch over canned answers. Its tokens are `secret-token-1`, then the next number after each rejected one. */
export function createApiUnderTest(
  answers: readonly [CannedAnswer, ...CannedAnswer[]],
  {
    accessToken: given,
    ...options
  }: Partial<AuthenticatedFetchOptions> & {
    readonly accessToken?: AccessTokenSource;
  } = {},
): ApiUnderTest {
  const { fetch, requests } = createFakeFetch(...answers);
  const asked: (string | undefined)[] = [];
  let generation = 1;
  const numbered: AccessTokenSource = async ({ rejected }) => {
    asked.push(rejected);
    if (rejected !== undefined) generation += 1;
    return `secret-token-${generation}`;
  };
  const source = bearerSource(given ?? numbered);
  return { fetch: createAuthenticatedFetch({ apiUrl, source, fetch, ...options }), requests, asked };
}

/** An answer of the API that is none of the special ones. */
export const ok = (): Response => jsonResponse({ username: "ada" });
export const expired = (): Response => new Response("Access token expired.", { status: 401 });
export const limited = (headers: Record<string, string>): Response =>
  new Response("Slow down", { status: 429, headers });
export const scopeMissing = {
  error: { message: "No", detail: { granted: ["account"], required: ["pullrequest"] } },
};

/** A redirect answer. */
export function redirectTo(location: string, status = 302): Response {
  return new Response(null, { status, headers: { location } });
}

/** The tokens that went out, in order. */
export function bearersOf(requests: readonly FakeRequest[]): (string | null)[] {
  return requests.map(({ headers }) => headers.get("authorization"));
}

/** An answer that notes when its body is given up. */
export function watchedResponse(init: ResponseInit): { response: Response; cancelled: () => boolean } {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024)),
    cancel: () => {
      cancelled = true;
    },
  });
  return { response: new Response(body, init), cancelled: () => cancelled };
}
