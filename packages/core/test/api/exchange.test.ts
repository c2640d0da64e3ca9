import { createForeignSignal } from "../foreign-signal.ts";
import { type ApiCall, readCallerRequest } from "../../src/api/call.ts";
import { type ApiExchangeOptions, createApiExchange } from "../../src/api/exchange.ts";
import { systemClock } from "../../src/environment.ts";
import { createStopSource, startTimer, type StartTimer, type StopSignal } from "../../src/timing.ts";
import { createFakeFetch, nodeFetchError } from "../fake-fetch.ts";
import { rejectionOf, deferred } from "../promises.ts";
import { apiUrl, watchedResponse } from "./api-under-test.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const forever = (): Promise<never> => new Promise(() => {});
const upAtOnce: StartTimer = (_ms, onTime) => {
  queueMicrotask(onTime);
  return () => {};
};

function exchangeOver(fetch: typeof globalThis.fetch, options: Partial<ApiExchangeOptions> = {}) {
  return createApiExchange({ fetch, timeoutMs: 60_000, clock: systemClock, startTimer, ...options });
}

function callTo(input: string | Request, init?: RequestInit): ApiCall {
  return readCallerRequest(input, init, { api: new URL(apiUrl) }).call;
}

/** What a program without types may pass. */
function withoutTypes(fetch: () => unknown): typeof globalThis.fetch {
  return fetch as typeof globalThis.fetch;
}

describe("send()", () => {
  it("puts the token in the header, and tells fetch to follow nothing", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    await exchangeOver(fetch).send(callTo("/2.0/user", { method: "POST", body: "a" }), "Bearer token");
    expect(requests).toMatchObject([
      { url: `${apiUrl}/2.0/user`, method: "POST", body: "a", redirect: "manual" },
    ]);
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer token");
  });

  it("puts no token on a call that has left the API", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    await exchangeOver(fetch).send({ ...callTo("/2.0/user"), carriesCredential: false }, "Bearer token");
    expect(requests[0]?.headers.has("authorization")).toBe(false);
  });

  it("sends a Request whole when its body can only travel inside it", async () => {
    const request = new Request(`${apiUrl}/2.0/user`, { method: "POST", body: "inside" });
    let sent = "";
    const exchange = exchangeOver(async (input, init) => {
      sent = await new Request(input, init).text();
      return new Response("ok");
    });
    await exchange.send(callTo(request), "Bearer token");
    expect(sent).toBe("inside");
  });

  it("rejects with the network's code and nothing else of its error", async () => {
    const inner = nodeFetchError("ECONNRESET", { headers: { authorization: "Bearer secret-token" } });
    const error = await rejectionOf(
      exchangeOver(createFakeFetch(inner).fetch).send(callTo("/2.0/user"), "Bearer t"),
    );
    expect(error).toMatchObject({ code: "api_request_failed", transient: true, action: "retry" });
    expect(error).toHaveProperty(
      "message",
      "GET /2.0/user: Bitbucket gave no answer (ECONNRESET). Try again.",
    );
    expect(error).not.toHaveProperty("cause");
  });

  it.each([
    ["POST", "ECONNRESET", /gave no answer \(ECONNRESET\)\. It may have been carried out/],
    ["DELETE", "UND_ERR_SOCKET", /gave no answer .*It may have been carried out/],
    ["POST", "ECONNREFUSED", /could not be reached \(ECONNREFUSED\)\. Nothing was sent\. Try again/],
    ["HEAD", "ECONNRESET", /gave no answer \(ECONNRESET\)\. Try again/],
  ])("says of a %s after %s what is known of it", async (method, code, words) => {
    const exchange = exchangeOver(createFakeFetch(nodeFetchError(code)).fetch);
    const call = { ...callTo("/2.0/user"), method };
    const error = await rejectionOf(exchange.send(call, "Bearer t"));
    expect(error).toMatchObject({ transient: true, message: expect.stringMatching(words) });
  });

  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", /NODE_EXTRA_CA_CERTS/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /NODE_EXTRA_CA_CERTS/],
    ["CERT_HAS_EXPIRED", /not valid at this time: check this machine's clock/],
    ["CERT_NOT_YET_VALID", /not valid at this time: check this machine's clock/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", /issued for another host: check the address/],
  ])("does not advise to try again where the certificate is refused (%s)", async (code, advice) => {
    const exchange = exchangeOver(createFakeFetch(nodeFetchError(code)).fetch);
    const error = await rejectionOf(exchange.send(callTo("/2.0/user"), "Bearer t"));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
    expect(error).toHaveProperty("message", expect.stringMatching(advice));
  });

  it.each<readonly [string, () => unknown]>([
    ["a response of got", () => ({ statusCode: 200, body: "{}", headers: {} })],
    ["a response of axios", () => ({ status: 200, data: {}, headers: { "content-type": "text/plain" } })],
    ["headers as an object", () => ({ status: 200, ok: true, headers: {}, text: async () => "{}" })],
    ["nothing", () => undefined],
    ["a text", () => "{}"],
  ])("calls it a matter of configuration where `fetch` answers with %s", async (_what, fetch) => {
    const error = await rejectionOf(exchangeOver(withoutTypes(fetch)).send(callTo("/2.0/user"), "Bearer t"));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
    expect(String(error)).toContain("answered with something that is no Response. Check the `fetch` option.");
  });

  it("calls it a matter of configuration where calling `fetch` throws, and shows nothing but a name", async () => {
    const fetch = withoutTypes(() => {
      throw new RangeError("Bearer t");
    });
    const error = await rejectionOf(exchangeOver(fetch).send(callTo("/2.0/user"), "Bearer t"));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
    expect(String(error)).toMatch(/nothing was sent, because calling `fetch` threw \(RangeError\)/);
    expect(String(error)).not.toContain("Bearer");
  });

  it("takes an answer that comes without a promise", async () => {
    const exchange = exchangeOver(withoutTypes(() => new Response("ok")));
    expect(await (await exchange.send(callTo("/2.0/user"), "Bearer t")).text()).toBe("ok");
  });

  it("names a proxy that wants a password, and where to put it", async () => {
    const cause = new Error("Proxy response (407) !== 200 when HTTP Tunneling");
    const exchange = exchangeOver(() => Promise.reject(new TypeError("fetch failed", { cause })));
    const error = await rejectionOf(exchange.send(callTo("/2.0/user"), "Bearer t"));
    expect(error).toMatchObject({ transient: false, action: "fix_config" });
    expect(String(error)).toMatch(
      /behind a proxy that wants a user name and a password \(407\).*HTTPS_PROXY=/,
    );
  });

  it("rejects when no answer comes in time, and gives up an answer that comes later", async () => {
    const late = deferred<Response>();
    const sending = exchangeOver(() => late.promise, { startTimer: upAtOnce }).send(
      callTo("/2.0/user"),
      "Bearer token",
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
      const sending = exchangeOver(fetch).send(callTo("/2.0/user"), "Bearer token", caller.signal);
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
    await exchange.send(callTo("/2.0/user"), "Bearer t");
    expect(ended).toBe(true);
  });

  it("refuses a token no header can carry, without showing it", async () => {
    const { fetch, requests } = createFakeFetch(new Response("ok"));
    const error = await rejectionOf(exchangeOver(fetch).send(callTo("/2.0/user"), "Bearer secret\r\nx: y"));
    expect(error).toMatchObject({ code: "access_token_rejected" });
    expect(String(error)).not.toContain("secret");
    expect(requests).toEqual([]);
  });
});

describe("many sends at once", () => {
  const closingSource = (): {
    signal: StopSignal;
    stop: (reason: unknown) => void;
    listeners: () => number;
  } => {
    const source = createStopSource();
    let listeners = 0;
    const signal: StopSignal = {
      get aborted() {
        return source.signal.aborted;
      },
      get reason() {
        return source.signal.reason;
      },
      addEventListener(type, listener) {
        listeners += 1;
        source.signal.addEventListener(type, listener);
      },
      removeEventListener(type, listener) {
        listeners -= 1;
        source.signal.removeEventListener(type, listener);
      },
    };
    return { signal, stop: (reason) => source.stop(reason), listeners: () => listeners };
  };

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("share one timer and one listener, and each is given up at its own time", async () => {
    const closing = closingSource();
    const exchange = exchangeOver(forever, { timeoutMs: 1000, closing: closing.signal });
    const ended: string[] = [];
    const send = (name: string): void =>
      void rejectionOf(exchange.send(callTo(`/2.0/${name}`), "Bearer t")).then(() => ended.push(name));
    send("a");
    await vi.advanceTimersByTimeAsync(400);
    send("b");
    await vi.advanceTimersByTimeAsync(300);
    send("c");
    expect([vi.getTimerCount(), closing.listeners()]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(299);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(399);
    expect(ended).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(300);
    expect(ended).toEqual(["a", "b", "c"]);
    expect([vi.getTimerCount(), closing.listeners()]).toEqual([0, 0]);
  });

  it("that are answered in any order leave no timer and no listener", async () => {
    const closing = closingSource();
    const answers = Array.from({ length: 5 }, () => deferred<Response>());
    let next = 0;
    const fetch = (): Promise<Response> => answers[next++]?.promise ?? forever();
    const exchange = exchangeOver(fetch, { closing: closing.signal });
    const sends = answers.map((_, index) => exchange.send(callTo(`/2.0/${index}`), "Bearer t"));
    for (const index of [2, 0, 4, 1, 3]) {
      expect([vi.getTimerCount(), closing.listeners()]).toEqual([1, 1]);
      answers[index]?.resolve(new Response(String(index)));
      await sends[index];
    }
    expect([vi.getTimerCount(), closing.listeners()]).toEqual([0, 0]);
    expect(await Promise.all((await Promise.all(sends)).map((response) => response.text()))).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
    ]);
  });

  it("all end with the reason when everything closes", async () => {
    const closing = closingSource();
    const exchange = exchangeOver(forever, { closing: closing.signal });
    const sends = ["a", "b", "c"].map((name) =>
      rejectionOf(exchange.send(callTo(`/2.0/${name}`), "Bearer t")),
    );
    closing.stop("closed");
    expect(await Promise.all(sends)).toEqual(["closed", "closed", "closed"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leave nothing behind when fetch throws before it answers, or the credential cannot be sent", async () => {
    const closing = closingSource();
    const broken = (): never => {
      throw new TypeError("not now");
    };
    const exchange = exchangeOver(broken, { closing: closing.signal });
    expect(await rejectionOf(exchange.send(callTo("/2.0/a"), "Bearer t"))).toMatchObject({
      action: "fix_config",
    });
    expect(await rejectionOf(exchange.send(callTo("/2.0/a"), "Bearer \n"))).toMatchObject({
      code: "access_token_rejected",
    });
    expect([vi.getTimerCount(), closing.listeners()]).toEqual([0, 0]);
  });

  it("of one signal put no listener of their own on it", async () => {
    const caller = new AbortController();
    const added = vi.spyOn(caller.signal, "addEventListener");
    const exchange = exchangeOver(forever);
    const sends = Array.from({ length: 50 }, () =>
      rejectionOf(exchange.send(callTo("/2.0/a"), "Bearer t", caller.signal)),
    );
    expect(added).not.toHaveBeenCalled();
    caller.abort("gone");
    expect(new Set(await Promise.all(sends))).toEqual(new Set(["gone"]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("end with a signal of another realm, which AbortSignal.any() takes and never hears", async () => {
    const caller = createForeignSignal();
    const given: (AbortSignal | null | undefined)[] = [];
    const fetch = (_input: unknown, init?: RequestInit): Promise<Response> => {
      given.push(init?.signal);
      return forever();
    };
    const exchange = exchangeOver(fetch);
    const sends = [1, 2, 3].map(() =>
      rejectionOf(exchange.send(callTo("/2.0/a"), "Bearer t", caller.signal)),
    );
    expect(caller.listeners()).toBe(1);
    caller.abort("gone");
    expect(await Promise.all(sends)).toEqual(["gone", "gone", "gone"]);
    expect(given.map((signal) => signal?.reason)).toEqual(["gone", "gone", "gone"]);
  });
});

describe("explain()", () => {
  it("goes by the status when the body hangs", async () => {
    const hanging = new Response(new ReadableStream({ pull: forever }), {
      status: 429,
      headers: { "retry-after": "9" },
    });
    const exchange = exchangeOver(forever, { startTimer: upAtOnce, clock: { now: () => 1000 } });
    expect(await exchange.explain(callTo("/2.0/user"), hanging, ["Bearer token"])).toMatchObject({
      code: "rate_limited",
      retryAt: 10_000,
    });
  });

  it("does not repeat the token", async () => {
    const echo = new Response("no such token: abc", { status: 401 });
    const error = await exchangeOver(forever).explain(callTo("/2.0/user"), echo, ["Bearer abc"]);
    expect(error.description).toBe("no such token: [redacted]");
  });
});

/** As some `fetch` functions do, it forgets the reason. */
function abortingFetch(_input: unknown, init?: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    init?.signal?.addEventListener("abort", () => reject(new Error("The operation was aborted")));
  });
}
