import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { createAuthenticatedFetch } from "../../src/api/authenticated-fetch.ts";
import { isBitbucketAuthError } from "../../src/errors.ts";
import { type CannedAnswer, jsonResponse, nodeFetchError } from "../fake-fetch.ts";
import { apiErrors } from "../fixtures/api-errors.ts";
import { apiUrl, bearersOf, createApiUnderTest, redirectTo, rejectionOf } from "./api-under-test.ts";

const ok = (): Response => jsonResponse({ username: "ada" });
const expired = (): Response => new Response("Access token expired.", { status: 401 });
const limited = (headers: Record<string, string>): Response =>
  new Response("Slow down", { status: 429, headers });
const elsewhere = "https://storage.example/file?signature=1";

describe("createAuthenticatedFetch()", () => {
  it("calls the API with the token in the header and nowhere else", async () => {
    const { fetch, requests, asked } = createApiUnderTest([ok()]);
    expect(
      await (await fetch("/2.0/user?page=2", { headers: { Authorization: "Basic mine" } })).json(),
    ).toEqual({
      username: "ada",
    });
    expect(requests).toMatchObject([{ url: `${apiUrl}/2.0/user?page=2`, method: "GET", redirect: "manual" }]);
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1"]);
    expect(asked).toEqual([undefined]);
  });

  it.each([204, 400, 404, 409, 410, 500, 503])("returns a %i as it came", async (status) => {
    const answer = new Response(status === 204 ? null : "words", { status, headers: { a: "1" } });
    const { fetch, requests, asked } = createApiUnderTest([() => answer]);
    const response = await fetch("/2.0/user");
    expect(response).toBe(answer);
    expect(response.bodyUsed).toBe(false);
    expect([requests.length, asked.length]).toEqual([1, 1]);
  });

  it("passes the token source's own rejection on, and sends nothing", async () => {
    const gone = new Error("signed out");
    const { fetch, requests } = createApiUnderTest([ok()], { accessToken: () => Promise.reject(gone) });
    expect(await rejectionOf(fetch("/2.0/user"))).toBe(gone);
    expect(requests).toEqual([]);
  });

  it("uses the platform's fetch of the moment when it is given none", async () => {
    const platform = globalThis.fetch;
    const apiFetch = createAuthenticatedFetch({ apiUrl, accessToken: async () => "token" });
    globalThis.fetch = async () => ok();
    try {
      expect((await apiFetch("/2.0/user")).status).toBe(200);
    } finally {
      globalThis.fetch = platform;
    }
  });
});

describe("the server's time", () => {
  const date = "Tue, 01 Sep 2026 12:00:00 GMT";

  it("is told with each fresh answer of the API", async () => {
    const times: number[] = [];
    const dated = new Response("ok", { headers: { date } });
    const stale = new Response("Access token expired.", { status: 401, headers: { date } });
    await createApiUnderTest([stale, dated], { onServerTime: (time) => times.push(time) }).fetch("/2.0/user");
    expect(times).toEqual([Date.parse(date), Date.parse(date)]);
  });

  it("is not taken from a cache or from another host", async () => {
    const times: number[] = [];
    const onServerTime = (time: number): number => times.push(time);
    await createApiUnderTest([new Response("ok", { headers: { date, age: "9" } })], { onServerTime }).fetch(
      "/2.0/user",
    );
    const away = new Response("ok", { headers: { date } });
    await createApiUnderTest([redirectTo(elsewhere), away], { onServerTime }).fetch("/2.0/user");
    expect(times).toEqual([]);
  });
});

describe("an abort", () => {
  it("before the call sends nothing and asks for nothing", async () => {
    const { fetch, requests, asked } = createApiUnderTest([ok()]);
    expect(await rejectionOf(fetch("/2.0/user", { signal: AbortSignal.abort("no") }))).toBe("no");
    expect([requests.length, asked.length]).toEqual([0, 0]);
  });

  it("reaches the token source", async () => {
    const { signal } = new AbortController();
    const given: unknown[] = [];
    const accessToken = async (options: object): Promise<string> => `token-${given.push(options)}`;
    await createApiUnderTest([expired(), ok()], { accessToken }).fetch("/2.0/user", { signal });
    expect(given).toEqual([{ signal }, { rejected: "token-1", signal }]);
  });
});

describe("closing", () => {
  it.each<[string, CannedAnswer]>([
    ["waits for an answer", () => new Promise(() => {})],
    ["waits for a rate limit", limited({ "retry-after": "30" })],
    [
      "reads an error",
      new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { status: 403 }),
    ],
  ])("ends a call that %s, and leaves no timer", async (_what, answer) => {
    vi.useFakeTimers();
    try {
      const closing = new AbortController();
      const { fetch } = createApiUnderTest([answer], { closing: closing.signal, rateLimitBudgetMs: 60_000 });
      const calling = rejectionOf(fetch("/2.0/user"));
      await vi.advanceTimersByTimeAsync(1);
      expect(vi.getTimerCount()).toBe(1);
      closing.abort("closed");
      expect(await calling).toBe("closed");
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("sends nothing afterwards", async () => {
    const { fetch, requests } = createApiUnderTest([ok()], { closing: AbortSignal.abort("closed") });
    expect(await rejectionOf(fetch("/2.0/user"))).toBe("closed");
    expect(requests).toEqual([]);
  });
});

describe("an error", () => {
  const headers = apiErrors.map((fixture) => fixture.headers);
  const statuses = apiErrors.map(({ status }, index): [number, number] => [status, index]);

  it.each(statuses)("for a %i that echoes every token (%i) shows none", async (status, index) => {
    const error = await failureOf((echo) => new Response(echo, { status, headers: headers[index] ?? {} }));
    expect(shownOf(error)).not.toContain("secret-token-");
  });

  it.each<[string, (echo: string) => Response | Error]>([
    [
      "scopes",
      (echo) => jsonResponse({ error: { detail: { granted: [echo], required: [echo] } } }, { status: 403 }),
    ],
    ["a redirect", (echo) => redirectTo(`https://user:${encodeURIComponent(echo)}@evil.example/`)],
    ["a broken connection", (echo) => nodeFetchError("ECONNRESET", { headers: { authorization: echo } })],
  ])("for %s with every token in it shows none", async (_what, answer) => {
    const error = await failureOf(answer);
    expect(isBitbucketAuthError(error)).toBe(true);
    expect(shownOf(error)).not.toContain("secret-token-");
  });

  /** What a call rejects or resolves with when each answer repeats every token sent so far. */
  async function failureOf(answer: (echo: string) => Response | Error): Promise<unknown> {
    const echo: string[] = [];
    const { fetch } = createApiUnderTest([
      ({ headers: given }) => {
        echo.push(given.get("authorization") ?? "");
        const made = answer(echo.join(" and "));
        if (made instanceof Error) throw made;
        return made;
      },
    ]);
    return fetch("/2.0/user").catch((error: unknown) => error);
  }

  function shownOf(error: unknown): string {
    const stack = error instanceof Error ? error.stack : "";
    return [String(error), stack, JSON.stringify(error), inspect(error, { depth: 9, showHidden: true })].join(
      "\n",
    );
  }
});
