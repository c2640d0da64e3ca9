import { type FakeFetch, createFakeFetch, jsonResponse, tokenBody } from "../fake-fetch.ts";

/** Consumer, server and clock for a grant's test; the network is the fake's. */
export function grantOptions(fetch: typeof globalThis.fetch): {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: { now(): number };
} {
  return {
    clientId: "the-key",
    clientSecret: "the-secret",
    tokenUrl: "https://bitbucket.test/token",
    fetch,
    clock: { now: () => 1_000_000 },
  };
}

/** A network that grants tokens. */
export function grantingFetch(overrides: Readonly<Record<string, unknown>> = {}): FakeFetch {
  return createFakeFetch(jsonResponse(tokenBody(overrides)));
}

/** A network that refuses with an OAuth error, and repeats whatever it was sent. */
export function refusingFetch(error: string, words = ""): FakeFetch {
  return createFakeFetch(({ body, headers }) => {
    const description = `${words} ${decodeURIComponent(body)} ${headers.get("authorization") ?? ""}`;
    return jsonResponse({ error, error_description: description }, { status: 400 });
  });
}

/** What was posted, as an object. */
export function postedForm({ requests }: FakeFetch): Record<string, string> {
  if (requests.length !== 1) throw new Error(`${requests.length} requests where one was expected`);
  return Object.fromEntries(requests[0]?.form ?? []);
}
