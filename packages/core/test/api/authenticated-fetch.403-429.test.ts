import { describe, expect, it } from "vitest";
import { jsonResponse } from "../fake-fetch.ts";
import type { StartTimer } from "../../src/timer.ts";
import { createApiUnderTest, rejectionOf } from "./api-under-test.ts";

const ok = (): Response => jsonResponse({ username: "ada" });
const limited = (headers: Record<string, string>): Response =>
  new Response("Slow down", { status: 429, headers });
const scopeMissing = {
  error: { message: "No", detail: { granted: ["account"], required: ["pullrequest"] } },
};

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

  function withBudget(answers: Parameters<typeof createApiUnderTest>[0], rateLimitBudgetMs: number) {
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
    return { ...createApiUnderTest(answers, { rateLimitBudgetMs, startTimer, clock }), waited };
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

  it("that does not say how long rejects, whatever the budget", async () => {
    const { fetch, waited } = withBudget([limited({})], Number.MAX_SAFE_INTEGER);
    expect(await rejectionOf(fetch("/2.0/user"))).toMatchObject({ code: "rate_limited" });
    expect(waited).toEqual([]);
  });

  it("that says not to wait is not hammered", async () => {
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
