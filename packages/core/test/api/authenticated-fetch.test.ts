import { bearerSource, createAuthenticatedFetch } from "../../src/api/fetch.ts";
import { isBitbucketAuthError, AccessTokenRejectedError } from "../../src/errors.ts";
import type { StartTimer } from "../../src/timing.ts";
import { type CannedAnswer, jsonResponse, nodeFetchError, createFakeFetch } from "../fake-fetch.ts";
import { apiErrors } from "../fixtures/api-errors.ts";
import { rejectionOf } from "../promises.ts";
import {
  apiUrl,
  bearersOf,
  createApiUnderTest,
  redirectTo,
  ok,
  expired,
  limited,
  watchedResponse,
  scopeMissing,
} from "./api-under-test.ts";
import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";

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

  it.each([204, 304, 400, 404, 409, 410, 500, 503])("returns a %i as it came", async (status) => {
    const answer = new Response(status < 400 ? null : "words", { status, headers: { a: "1" } });
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
    const apiFetch = createAuthenticatedFetch({ apiUrl, source: bearerSource(async () => "token") });
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

describe("a 401", () => {
  it("asks for a fresh token and sends the call once more, body and all", async () => {
    const { fetch, requests, asked } = createApiUnderTest([expired(), ok()]);
    expect((await fetch("/2.0/user", { method: "PUT", body: "a=1" })).status).toBe(200);
    expect(requests).toMatchObject([
      { method: "PUT", body: "a=1" },
      { method: "PUT", body: "a=1" },
    ]);
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", "Bearer secret-token-2"]);
    expect(asked).toEqual([undefined, "secret-token-1"]);
  });

  it("rejects when it comes again", async () => {
    const { fetch, requests, asked } = createApiUnderTest([expired()]);
    const error = await rejectionOf(fetch("/2.0/user"));
    expect(error).toMatchObject({
      code: "access_token_rejected",
      status: 401,
      description: "Access token expired.",
    });
    expect([requests.length, asked.length]).toEqual([2, 2]);
  });

  it("rejects when the token source has no other token, without sending it again", async () => {
    const { fetch, requests } = createApiUnderTest([expired()], {
      accessToken: async () => "secret-token-1",
    });
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({
      code: "access_token_rejected",
      status: 401,
    });
    expect(requests).toHaveLength(1);
  });

  it("to a fresh token rejects with Bitbucket's words, and advises neither a refresh nor a sign-in", async () => {
    const words = "Token is invalid, expired, or not supported for this endpoint.";
    const refusing = (): Response => jsonResponse({ error: { message: words } }, { status: 401 });
    const tooYoung = new AccessTokenRejectedError("Refreshing would not help.", {
      retryAt: 7,
      account: "ada",
    });
    const young = createApiUnderTest([refusing()], {
      accessToken: ({ rejected }) =>
        rejected === undefined ? Promise.resolve("secret") : Promise.reject(tooYoung),
    });
    const renewed = createApiUnderTest([refusing()]);
    for (const { fetch } of [young, renewed]) {
      const error = await rejectionOf(fetch("/2.0/odd"));
      expect(error).toMatchObject({
        code: "access_token_rejected",
        status: 401,
        description: words,
        action: "fix_config",
        transient: false,
      });
      expect(error).toHaveProperty("message", expect.stringMatching(/GET \/2\.0\/odd with 401.*is fresh/));
    }
    expect(await rejectionOf(young.fetch("/2.0/odd"))).toMatchObject({ retryAt: 7, account: "ada" });
    expect(young.requests).toHaveLength(2);
  });

  it("to a credential that cannot be renewed is not asked about, and says what its owner knows", async () => {
    const { fetch, requests } = createFakeFetch(expired());
    const apiFetch = createAuthenticatedFetch({
      apiUrl,
      fetch,
      source: { authorization: async () => "Basic bWU6aHVudGVyMg==", whenRefused: "Make another API token." },
    });
    const error = await rejectionOf(apiFetch("/2.0/user"));
    expect(error).toMatchObject({ code: "access_token_rejected", status: 401, action: "fix_config" });
    expect(error).toHaveProperty(
      "message",
      expect.stringMatching(/\(Access token expired\.\)\. Make another API token\.$/),
    );
    expect(bearersOf(requests)).toEqual(["Basic bWU6aHVudGVyMg=="]);
  });

  it("passes the rejection of the refresh on", async () => {
    const dead = new Error("refresh rejected");
    const { fetch } = createApiUnderTest([expired()], {
      accessToken: ({ rejected }) =>
        rejected === undefined ? Promise.resolve("token") : Promise.reject(dead),
    });
    expect(await rejectionOf(fetch("/2.0/user"))).toBe(dead);
  });

  it.each<[string, () => [string | Request, RequestInit?]]>([
    ["a stream", () => ["/2.0/user", { method: "POST", body: new Blob(["once"]).stream() }]],
    ["a Request with a body", () => [new Request(`${apiUrl}/2.0/user`, { method: "POST", body: "once" })]],
  ])("does not send %s twice, but readies the next call", async (_what, args) => {
    const { fetch, requests, asked } = createApiUnderTest([expired(), ok()]);
    const error = await rejectionOf(fetch(...args()));
    expect(error).toMatchObject({ code: "access_token_rejected", status: 401 });
    expect(error).toHaveProperty("message", expect.stringMatching(/not sent again.*make the call again/));
    expect(requests).toHaveLength(1);
    expect(asked).toEqual([undefined, "secret-token-1"]);
  });

  it("sends a Request without a body once more", async () => {
    const { fetch, requests } = createApiUnderTest([expired(), ok()]);
    await fetch(new Request(`${apiUrl}/2.0/user`, { method: "DELETE" }));
    expect(requests).toMatchObject([{ method: "DELETE" }, { method: "DELETE" }]);
  });

  it("after a redirect repeats the last step alone", async () => {
    const { fetch, requests } = createApiUnderTest([redirectTo("/2.0/b"), expired(), ok()]);
    await fetch("/2.0/a");
    expect(requests.map(({ url }) => new URL(url).pathname)).toEqual(["/2.0/a", "/2.0/b", "/2.0/b"]);
  });

  it("gives up its body before it sends again", async () => {
    const { response, cancelled } = watchedResponse({ status: 401 });
    await createApiUnderTest([() => response, ok()]).fetch("/2.0/user");
    expect(cancelled()).toBe(true);
  });

  it("200 times over, staggered, refreshes once and sends each call at most twice", async () => {
    let current = "token-old";
    const rejected: string[] = [];
    const sends = new Map<string, number>();
    const answers: (() => void)[] = [];
    const apiFetch = createAuthenticatedFetch({
      apiUrl,
      source: bearerSource(async (options) => {
        if (options.rejected === undefined) return current;
        rejected.push(options.rejected);
        if (options.rejected === current) current = "token-new";
        return current;
      }),
      fetch: async (input, init) => {
        const { url } = new Request(input);
        sends.set(url, (sends.get(url) ?? 0) + 1);
        if (new Headers(init?.headers).get("authorization") === "Bearer token-new") return ok();
        await new Promise<void>((resolve) => answers.push(resolve));
        return expired();
      },
    });
    const calls = Array.from({ length: 200 }, (_, index) => apiFetch(`/2.0/calls/${index}`));
    await expect.poll(() => answers.length).toBe(200);
    for (const answer of answers) {
      answer();
      await Promise.resolve();
    }
    expect((await Promise.all(calls)).every(({ ok: good }) => good)).toBe(true);
    expect(new Set(rejected)).toEqual(new Set(["token-old"]));
    expect([...sends.values()].every((times) => times === 2)).toBe(true);
  });
});

describe("a 403", () => {
  it("that names scopes rejects with them and never refreshes", async () => {
    const { fetch, asked, requests } = createApiUnderTest([jsonResponse(scopeMissing, { status: 403 })]);
    const error = await rejectionOf(fetch("/2.0/pullrequests"));
    expect(error).toMatchObject({ code: "scope_missing", granted: ["account"], required: ["pullrequest"] });
    expect([requests.length, asked.length]).toEqual([1, 1]);
  });

  it("for another reason is returned with its body unread", async () => {
    const { fetch, asked } = createApiUnderTest([
      jsonResponse({ error: { message: "Forbidden" } }, { status: 403 }),
    ]);
    const response = await fetch("/2.0/secret-repository");
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ error: { message: "Forbidden" } });
    expect(asked).toHaveLength(1);
  });

  it("without a body is returned", async () => {
    const { fetch } = createApiUnderTest([new Response(null, { status: 403 })]);
    expect((await fetch("/2.0/user", { method: "HEAD" })).status).toBe(403);
  });
});

describe("a 429", () => {
  const now = Date.parse("2026-09-01T12:00:00Z");

  function withBudget(
    answers: Parameters<typeof createApiUnderTest>[0],
    rateLimitBudgetMs: number,
    random = () => 0,
  ) {
    const waited: number[] = [];
    const startTimer: StartTimer = (ms, onTime) => {
      // The limit on each send is not a pause.
      if (ms !== 60_000) {
        waited.push(ms);
        queueMicrotask(onTime);
      }
      return () => {};
    };
    const clock = { now: () => now };
    return { ...createApiUnderTest(answers, { rateLimitBudgetMs, startTimer, clock, random }), waited };
  }

  it("rejects at once without a budget, and says when to try again", async () => {
    const { fetch, requests } = createApiUnderTest([limited({ "retry-after": "1" })], {
      clock: { now: () => now },
    });
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({
      code: "rate_limited",
      retryAt: now + 1000,
    });
    expect(requests).toHaveLength(1);
  });

  it("within the budget is waited out, and a token is asked for anew", async () => {
    const { fetch, requests, asked, waited } = withBudget([limited({ "retry-after": "30" }), ok()], 30_000);
    expect((await fetch("/2.0/user")).status).toBe(200);
    expect(waited).toEqual([30_000]);
    expect(requests).toHaveLength(2);
    expect(asked).toEqual([undefined, undefined]);
  });

  it("draws on one budget for the whole call", async () => {
    const { fetch, requests, waited } = withBudget([limited({ "x-ratelimit-reset": "7" })], 20_000);
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({
      code: "rate_limited",
      retryAt: now + 7000,
    });
    expect(waited).toEqual([7000, 7000]);
    expect(requests).toHaveLength(3);
  });

  it("past the budget rejects without waiting", async () => {
    const { fetch, waited } = withBudget([limited({ "retry-after": "31" })], 30_000);
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({ code: "rate_limited" });
    expect(waited).toEqual([]);
  });

  it("that does not say how long is backed off from, 1, 2, 4 … s, for as long as the budget lasts", async () => {
    const { fetch, requests, waited } = withBudget([limited({})], 60_000);
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({ code: "rate_limited" });
    expect(waited).toEqual([1000, 2000, 4000, 8000, 16_000]);
    expect(requests).toHaveLength(6);
  });

  it("that does not say how long is given up to a quarter more, so that clients do not line up", async () => {
    const { fetch, waited } = withBudget([limited({}), limited({}), ok()], 60_000, () => 0.5);
    expect((await fetch("/2.0/user")).status).toBe(200);
    expect(waited).toEqual([1125, 2250]);
  });

  it("that does not say how long rejects at once without a budget", async () => {
    const { fetch, waited } = withBudget([limited({})], 0);
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({ code: "rate_limited" });
    expect(waited).toEqual([]);
  });

  it("that says not to wait is sent again a second later all the same", async () => {
    const { fetch, requests, waited } = withBudget([limited({ "retry-after": "0" })], 3000);
    await rejectionOf(fetch("/2.0/user"));
    expect(waited).toEqual([1000, 1000, 1000]);
    expect(requests).toHaveLength(4);
  });

  it("does not send a stream again", async () => {
    const { fetch, requests } = withBudget([limited({ "retry-after": "1" }), ok()], 30_000);
    const error = await rejectionOf(
      fetch("/2.0/user", { method: "POST", body: new Blob(["once"]).stream() }),
    );
    expect(error).toMatchObject({ code: "rate_limited" });
    expect(requests).toHaveLength(1);
  });

  it("is left waiting when the caller aborts", async () => {
    const caller = new AbortController();
    const { fetch, requests } = createApiUnderTest([limited({ "retry-after": "30" })], {
      rateLimitBudgetMs: 60_000,
    });
    const calling = fetch("/2.0/user", { signal: caller.signal });
    await expect.poll(() => requests.length).toBe(1);
    caller.abort("enough");
    expect(await rejectionOf(calling)).toBe("enough");
  });
});

describe("a fetch whose bodies are Node streams, as node-fetch's are", () => {
  /** An answer with the parts of a `Response` that core looks at, and a body of another make. */
  function nodeAnswer(status: number, text: string, headers: Record<string, string> = {}): Response {
    const plain = new Response(text, { status, headers });
    let destroyed = 0;
    const body = Object.assign(
      (async function* chunks() {
        yield Buffer.from(text);
      })(),
      { destroy: () => void (destroyed += 1) },
    );
    return Object.defineProperties(plain, {
      body: { value: body },
      clone: { value: () => nodeAnswer(status, text, headers) },
      destroyed: { get: () => destroyed },
    });
  }

  it("is renewed after a 401, and follows redirects", async () => {
    const stale = nodeAnswer(401, "Access token expired.");
    const { fetch, requests } = createApiUnderTest([
      () => nodeAnswer(302, "", { location: "/2.0/b" }),
      () => stale,
      () => nodeAnswer(200, "ok"),
    ]);
    expect((await fetch("/2.0/a")).status).toBe(200);
    expect(requests).toHaveLength(3);
    expect(stale).toHaveProperty("destroyed", 1);
  });

  it("has its error answers read", async () => {
    const missing = JSON.stringify(scopeMissing);
    const { fetch } = createApiUnderTest([() => nodeAnswer(403, missing)]);
    expect(await rejectionOf(fetch("/2.0/a"))).toMatchObject({ code: "scope_missing" });
    const refusing = createApiUnderTest([() => nodeAnswer(401, "No such token.")]);
    expect(await rejectionOf(refusing.fetch("/2.0/a"))).toMatchObject({ description: "No such token." });
  });

  it("of 403 is handed out as it came where there is no clone() to read ahead", async () => {
    const answer = Object.defineProperty(new Response("No.", { status: 403 }), "clone", { value: undefined });
    const { fetch } = createApiUnderTest([() => answer]);
    expect(await fetch("/2.0/a")).toBe(answer);
  });
});

describe("a form or a file", () => {
  const form = (): FormData => {
    const fields = new FormData();
    fields.append("files", new Blob(["png"], { type: "image/png" }), "shot.png");
    return fields;
  };

  it("reaches a fetch that was passed as bytes, also after a 401: it may know no FormData", async () => {
    const bodies: unknown[] = [];
    const types: (string | null)[] = [];
    const answers = [expired(), ok()];
    const fetch = createAuthenticatedFetch({
      apiUrl,
      source: bearerSource(async ({ rejected }) => (rejected === undefined ? "t1" : "t2")),
      fetch: async (_input, init) => {
        bodies.push(init?.body);
        types.push(new Headers(init?.headers).get("content-type"));
        return answers.shift() ?? ok();
      },
    });
    await fetch("/2.0/downloads", { method: "POST", body: form(), headers: { "content-type": "text/html" } });
    expect(bodies.map((body) => body instanceof Uint8Array)).toEqual([true, true]);
    const [type] = types;
    const [body] = bodies;
    const read = await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { "content-type": type ?? "" },
    }).formData();
    expect(await new Response(read.get("files")).text()).toBe("png");
    await fetch("/2.0/a", { method: "PUT", body: new Blob(["x"], { type: "image/png" }) });
    await fetch("/2.0/a", {
      method: "PUT",
      body: new Blob(["x"], { type: "image/png" }),
      headers: { "content-type": "multipart/related; boundary=a" },
    });
    expect(types.slice(2)).toEqual(["image/png", "multipart/related; boundary=a"]);
  });

  it("stays as it is where a file in it cannot be read, as jsdom's cannot: reading it would never end", async () => {
    const unreadable = Object.defineProperty(new Blob(["png"]), "stream", { value: undefined });
    const fields = new FormData();
    Object.defineProperty(fields, "forEach", { value: (tell: (part: unknown) => void) => tell(unreadable) });
    const seen: unknown[] = [];
    const fetch = createAuthenticatedFetch({
      apiUrl,
      source: bearerSource(async () => "t"),
      fetch: async (_input, init) => {
        seen.push(init?.body);
        return ok();
      },
    });
    for (const body of [fields, unreadable]) await fetch("/2.0/downloads", { method: "POST", body });
    expect(seen).toEqual([fields, unreadable]);
    expect([seen[0] === fields, seen[1] === unreadable]).toEqual([true, true]);
  });

  it("reaches the platform's own fetch as it is, so that a file is not read into memory", async () => {
    const seen: unknown[] = [];
    vi.stubGlobal("fetch", async (_input: unknown, init?: RequestInit) => {
      seen.push(init?.body);
      return ok();
    });
    const fetch = createAuthenticatedFetch({ apiUrl, source: bearerSource(async () => "t") });
    const fields = form();
    await fetch("/2.0/downloads", { method: "POST", body: fields });
    vi.unstubAllGlobals();
    expect(seen).toEqual([fields]);
    expect(seen[0]).toBe(fields);
  });
});
