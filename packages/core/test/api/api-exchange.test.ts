import { describe, expect, it } from "vitest";
import { type ApiCall, readCallerRequest } from "../../src/api/api-call.ts";
import { type ApiExchangeOptions, createApiExchange } from "../../src/api/api-exchange.ts";
import { systemClock } from "../../src/clock.ts";
import { startTimer, type StartTimer } from "../../src/timer.ts";
import { createFakeFetch, nodeFetchError } from "../fake-fetch.ts";
import { apiUrl, createDeferred, rejectionOf, watchedResponse } from "./api-under-test.ts";

const forever = (): Promise<never> => new Promise(() => {});
const upAtOnce: StartTimer = (_ms, onTime) => {
  queueMicrotask(onTime);
  return () => {};
};

function exchangeOver(fetch: typeof globalThis.fetch, options: Partial<ApiExchangeOptions> = {}) {
  return createApiExchange({ fetch, timeoutMs: 60_000, clock: systemClock, startTimer, ...options });
}

function callTo(input: string | Request, init?: RequestInit): ApiCall {
  return readCallerRequest(input, init, new URL(apiUrl)).call;
}

describe("send()", () => {
  it("puts the token in the header, and tells fetch to follow nothing", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    await exchangeOver(fetch).send(callTo("/2.0/user", { method: "POST", body: "a" }), "token");
    expect(requests).toMatchObject([
      { url: `${apiUrl}/2.0/user`, method: "POST", body: "a", redirect: "manual" },
    ]);
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer token");
  });

  it("puts no token on a call that has left the API", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    await exchangeOver(fetch).send({ ...callTo("/2.0/user"), atHome: false }, "token");
    expect(requests[0]?.headers.has("authorization")).toBe(false);
  });

  it("sends a Request whole when its body can only travel inside it", async () => {
    const request = new Request(`${apiUrl}/2.0/user`, { method: "POST", body: "inside" });
    let sent = "";
    const exchange = exchangeOver(async (input, init) => {
      sent = await new Request(input, init).text();
      return new Response("ok");
    });
    await exchange.send(callTo(request), "token");
    expect(sent).toBe("inside");
  });

  it("rejects with the network's code and nothing else of its error", async () => {
    const inner = nodeFetchError("ECONNRESET", { headers: { authorization: "Bearer secret-token" } });
    const error = await rejectionOf(
      exchangeOver(createFakeFetch(inner).fetch).send(callTo("/2.0/user"), "t"),
    );
    expect(error).toMatchObject({ code: "api_request_failed", transient: true, action: "retry" });
    expect(error).toHaveProperty(
      "message",
      "GET /2.0/user: Bitbucket could not be reached (ECONNRESET). Try again.",
    );
    expect(error).not.toHaveProperty("cause");
  });

  it("rejects when no answer comes in time, and gives up an answer that comes later", async () => {
    const late = createDeferred<Response>();
    const sending = exchangeOver(() => late.promise, { startTimer: upAtOnce }).send(
      callTo("/2.0/user"),
      "token",
    );
    const error = await rejectionOf(sending);
    expect(error).toMatchObject({ code: "api_request_failed", transient: true, action: "retry" });
    expect(error).toHaveProperty("message", expect.stringContaining("did not answer within 60000 ms"));
    const { response, cancelled } = watchedResponse({});
    late.resolve(response);
    await expect.poll(cancelled).toBe(true);
  });

  it("rejects with the caller's reason when the caller aborts, whatever fetch rejects with", async () => {
    for (const fetch of [forever, abortingFetch]) {
      const caller = new AbortController();
      const sending = exchangeOver(fetch).send(callTo("/2.0/user"), "token", caller.signal);
      caller.abort("enough");
      expect(await rejectionOf(sending)).toBe("enough");
    }
  });

  it("stops the clock when the headers are there", async () => {
    let ended = false;
    const stoppable: StartTimer = () => () => {
      ended = true;
    };
    const exchange = exchangeOver(createFakeFetch(new Response("ok")).fetch, { startTimer: stoppable });
    await exchange.send(callTo("/2.0/user"), "t");
    expect(ended).toBe(true);
  });

  it("refuses a token no header can carry, without showing it", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    const error = await rejectionOf(exchangeOver(fetch).send(callTo("/2.0/user"), "secret\r\nx: y"));
    expect(error).toMatchObject({ code: "access_token_rejected" });
    expect(String(error)).not.toContain("secret");
    expect(requests).toEqual([]);
  });
});

describe("explain()", () => {
  it("goes by the status when the body hangs", async () => {
    const hanging = new Response(new ReadableStream({ pull: forever }), {
      status: 429,
      headers: { "retry-after": "9" },
    });
    const exchange = exchangeOver(forever, { startTimer: upAtOnce, clock: { now: () => 1000 } });
    expect(await exchange.explain(callTo("/2.0/user"), hanging, ["token"])).toMatchObject({
      code: "rate_limited",
      retryAt: 10_000,
    });
  });

  it("does not repeat the token", async () => {
    const echo = new Response("no such token: abc", { status: 401 });
    const error = await exchangeOver(forever).explain(callTo("/2.0/user"), echo, ["abc"]);
    expect(error.description).toBe("no such token: [redacted]");
  });
});

/** As some `fetch` functions do, it forgets the reason. */
function abortingFetch(_input: unknown, init?: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    init?.signal?.addEventListener("abort", () => reject(new Error("The operation was aborted")));
  });
}
