import {
  type AuthenticatedFetchOptions,
  createAuthenticatedFetch,
} from "../../src/api/authenticated-fetch.ts";
import { type CannedAnswer, createFakeFetch, type FakeRequest } from "../fake-fetch.ts";

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
  options: Partial<AuthenticatedFetchOptions> = {},
): ApiUnderTest {
  const { fetch, requests } = createFakeFetch(...answers);
  const asked: (string | undefined)[] = [];
  let generation = 1;
  const accessToken: AuthenticatedFetchOptions["accessToken"] = async ({ rejected }) => {
    asked.push(rejected);
    if (rejected !== undefined) generation += 1;
    return `secret-token-${generation}`;
  };
  return { fetch: createAuthenticatedFetch({ apiUrl, accessToken, fetch, ...options }), requests, asked };
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${String(value)}`);
    },
    (error: unknown) => error,
  );
}

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

/** A promise to settle by hand. */
export function createDeferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const resolvers: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => resolvers.push(resolve));
  return { promise, resolve: (value) => resolvers.forEach((resolve) => resolve(value)) };
}
