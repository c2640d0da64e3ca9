import { getEventListeners } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { readTokenAnswer } from "../../src/token-endpoint/answer.ts";
import {
  basicAuthorization,
  sendTokenRequest,
  type TokenRequestOptions,
  type WireAnswer,
} from "../../src/token-endpoint/request.ts";
import { createFakeFetch, jsonResponse, nodeFetchError, tokenBody } from "../fake-fetch.ts";

const form = { grant_type: "refresh_token", refresh_token: "the-refresh-token" };
const authorization = basicAuthorization({ clientId: "the-key", clientSecret: "the-secret" });

function send(options: Partial<TokenRequestOptions> = {}): Promise<WireAnswer> {
  return sendTokenRequest(form, { tokenUrl: "https://bitbucket.test/token", authorization, ...options });
}

describe("sendTokenRequest()", () => {
  it("posts the form once, with the credentials in the header", async () => {
    const { fetch, requests } = createFakeFetch(jsonResponse(tokenBody()));
    const answer = await send({ fetch });
    expect(answer).toMatchObject({ kind: "answered", status: 200, contentType: "application/json" });
    expect(requests).toHaveLength(1);
    const [request] = requests;
    expect(request).toMatchObject({
      url: "https://bitbucket.test/token",
      method: "POST",
      redirect: "manual",
    });
    expect(Object.fromEntries(request?.form ?? [])).toEqual(form);
    expect(request?.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
    expect(request?.headers.get("accept")).toBe("application/json");
    expect(request?.headers.get("authorization")).toBe(authorization);
  });

  it("encodes what a form must encode", async () => {
    const { fetch, requests } = createFakeFetch(jsonResponse({}));
    const odd = { grant_type: "password", password: "a+b&c=d e/ü%" };
    await sendTokenRequest(odd, { tokenUrl: "https://bitbucket.test/token", fetch });
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual(odd);
    expect(requests[0]?.headers.has("authorization")).toBe(false);
  });

  it.each([400, 401, 408, 409, 425, 429, 500, 502, 503, 504])(
    "never repeats itself after %d",
    async (status) => {
      const { fetch, requests } = createFakeFetch(jsonResponse({ error: "x" }, { status }));
      expect(await send({ fetch })).toMatchObject({ kind: "answered", status });
      expect(requests).toHaveLength(1);
    },
  );

  it("never repeats itself after a failure", async () => {
    const { fetch, requests } = createFakeFetch(nodeFetchError("ECONNRESET"));
    expect(await send({ fetch })).toMatchObject({ kind: "lost", reason: "network" });
    expect(requests).toHaveLength(1);
  });

  it("tells a connection that was never made from one that broke", async () => {
    const refused = createFakeFetch(nodeFetchError("ECONNREFUSED"));
    expect(await send({ fetch: refused.fetch })).toMatchObject({ kind: "unsent", reason: "ECONNREFUSED" });
    const broken = createFakeFetch(new TypeError("Failed to fetch"));
    expect(await send({ fetch: broken.fetch })).toMatchObject({ kind: "lost", reason: "network" });
  });

  it("says when it began, by the clock it was given", async () => {
    const { fetch } = createFakeFetch(jsonResponse({}));
    expect(await send({ fetch, clock: { now: () => 12_345 } })).toMatchObject({ startedAt: 12_345 });
  });

  it("passes on the server's clock and its wish to be left alone", async () => {
    const headers = { date: "Sun, 06 Nov 1994 08:49:37 GMT", "retry-after": "Sun, 06 Nov 1994 08:50:37 GMT" };
    const { fetch } = createFakeFetch(jsonResponse({}, { status: 429, headers }));
    const serverTime = Date.UTC(1994, 10, 6, 8, 49, 37);
    expect(await send({ fetch })).toMatchObject({ serverTime, retryAfterMs: 60_000 });
  });

  it.each(["http://bitbucket.test/token", "ftp://bitbucket.test/token", "/token"])(
    "sends nothing to %s",
    async (tokenUrl) => {
      const { fetch, requests } = createFakeFetch(jsonResponse({}));
      const refused = send({ fetch, tokenUrl });
      await expect(refused).rejects.toThrow(InvalidOptionsError);
      await expect(refused).rejects.toThrow(/^tokenUrl /);
      expect(requests).toHaveLength(0);
    },
  );

  it.each([0, -1, Number.NaN])("sends nothing with a timeout of %d", async (timeoutMs) => {
    const { fetch, requests } = createFakeFetch(jsonResponse({}));
    const refused = send({ fetch, timeoutMs });
    await expect(refused).rejects.toThrow(InvalidOptionsError);
    await expect(refused).rejects.toThrow("timeoutMs must be a number of milliseconds");
    expect(requests).toHaveLength(0);
  });

  it("takes an endless timeout for a very long one", async () => {
    const { fetch } = createFakeFetch(jsonResponse({}));
    expect(await send({ fetch, timeoutMs: Number.POSITIVE_INFINITY })).toMatchObject({ kind: "answered" });
  });

  it("sends nothing when the caller has already gone", async () => {
    const { fetch, requests } = createFakeFetch(jsonResponse({}));
    expect(await send({ fetch, signal: AbortSignal.abort() })).toMatchObject({
      kind: "unsent",
      reason: "aborted",
    });
    expect(requests).toHaveLength(0);
  });

  it("reads no more than 64 kB", async () => {
    const { fetch } = createFakeFetch(new Response("x".repeat(65_536)), new Response("x".repeat(65_537)));
    expect(await send({ fetch })).toMatchObject({ bodyTooLarge: false });
    const answer = await send({ fetch });
    expect(answer).toMatchObject({ bodyTooLarge: true });
    expect(answer.kind === "answered" && answer.body.length <= 65_536).toBe(true);
  });

  it("calls an answer that breaks off lost", async () => {
    const { fetch } = createFakeFetch(() => {
      const body = new ReadableStream({
        pull: (stream) => stream.error(new Error("reset")),
      });
      return new Response(body, { headers: { "content-type": "application/json" } });
    });
    expect(await send({ fetch })).toMatchObject({ kind: "lost", reason: "network" });
  });

  it("does not believe an answer that came by way of a redirect", async () => {
    const { fetch } = createFakeFetch(() => {
      return Object.defineProperty(jsonResponse(tokenBody()), "redirected", { value: true });
    });
    const answer = await send({ fetch });
    expect(answer).toMatchObject({ kind: "answered", status: 0 });
    expect(readTokenAnswer(answer, "refresh_token").kind).toBe("ambiguous");
  });

  it("keeps every secret out of an answer that failed", async () => {
    const answers = await Promise.all(
      [new TypeError("the-refresh-token the-secret"), nodeFetchError("ENOTFOUND")].map((error) =>
        send({ fetch: createFakeFetch(error).fetch }),
      ),
    );
    const shown = inspect([answers, answers.map((answer) => readTokenAnswer(answer, "refresh_token"))], {
      depth: 10,
      showHidden: true,
    });
    expect(shown).not.toMatch(/the-refresh-token|the-secret/);
    expect(shown).not.toContain(authorization.slice("Basic ".length));
  });

  it.each(["the-refresh-token", "the-secret", authorization.slice("Basic ".length)])(
    "takes what it sent out of the server's words (%s)",
    async (sent) => {
      const body = { error: "invalid_request", error_description: `Got "${sent}", sorry` };
      const { fetch } = createFakeFetch(jsonResponse(body, { status: 400 }));
      const answer = readTokenAnswer(await send({ fetch }), "refresh_token");
      expect(answer).toMatchObject({ error: { description: 'Got "[redacted]", sorry' } });
    },
  );
});

describe("an answer's words", () => {
  it("keep what is no secret although it was sent", async () => {
    const odd = { grant_type: "refresh_token", scope: "account", username: "ann", refresh_token: "r-1" };
    const { fetch } = createFakeFetch(jsonResponse({}));
    const answer = await sendTokenRequest(odd, { tokenUrl: "https://bitbucket.test/token", fetch });
    const redact = answer.kind === "answered" ? answer.redact : undefined;
    expect(redact?.("ann has no account scope: invalid refresh_token r-1")).toBe(
      "ann has no account scope: invalid refresh_token [redacted]",
    );
  });

  it("come without a time to wait and a clock when the server names none", async () => {
    const { fetch } = createFakeFetch(jsonResponse({}));
    const answer = await send({ fetch });
    expect(answer).not.toHaveProperty("retryAfterMs");
    expect(answer).not.toHaveProperty("serverTime");
  });
});

describe("sendTokenRequest() in time", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const never = new Promise<Response>(() => {});

  it("gives up on a fetch that hangs and ignores its signal", async () => {
    vi.useFakeTimers();
    const answer = send({ fetch: () => never, timeoutMs: 5_000 });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toMatchObject({ kind: "lost", reason: "timeout" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up after ten seconds unless told otherwise", async () => {
    vi.useFakeTimers();
    const answer = send({ fetch: () => never });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toMatchObject({ kind: "lost", reason: "timeout" });
  });

  it("gives up on a body that never ends, and aborts the request", async () => {
    vi.useFakeTimers();
    const { fetch, requests } = createFakeFetch(() => {
      return new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([123])) }));
    });
    const answer = send({ fetch });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await answer).toMatchObject({ kind: "lost", reason: "timeout" });
    expect(requests[0]?.signal?.aborted).toBe(true);
  });

  it("lets go as soon as the caller does", async () => {
    const caller = new AbortController();
    const answer = send({ fetch: () => never, signal: caller.signal });
    caller.abort();
    expect(await answer).toMatchObject({ kind: "lost", reason: "aborted" });
  });

  it("leaves no timer and no listener behind", async () => {
    vi.useFakeTimers();
    const { signal } = new AbortController();
    await send({ fetch: createFakeFetch(jsonResponse({})).fetch, signal });
    expect([vi.getTimerCount(), getEventListeners(signal, "abort")]).toEqual([0, []]);
  });
});

describe("sendTokenRequest() on a real network", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  }

  function serve(listener: RequestListener): Promise<string> {
    return listen(
      createServer((request, response) => {
        response.setHeader("connection", "close");
        listener(request, response);
      }),
    );
  }

  it.each([301, 302, 303, 307, 308])("does not follow a %d", async (status) => {
    let followed = 0;
    const elsewhere = await serve((_request, response) => {
      followed += 1;
      response.end();
    });
    const tokenUrl = await serve((_request, response) => {
      response.writeHead(status, { location: elsewhere }).end();
    });
    const answer = await send({ tokenUrl });
    expect(answer).toMatchObject({ kind: "answered", status });
    expect(readTokenAnswer(answer, "refresh_token")).toMatchObject({
      kind: "ambiguous",
      error: { code: "token_response_invalid" },
    });
    expect(followed).toBe(0);
  });

  it("reads tokens from a real answer", async () => {
    const tokenUrl = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(tokenBody()));
    });
    expect(readTokenAnswer(await send({ tokenUrl }), "refresh_token").kind).toBe("tokens");
  });

  it("knows that nothing was sent to a port without a listener", async () => {
    const tokenUrl = await listen(createTcpServer());
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    expect(await send({ tokenUrl })).toMatchObject({ kind: "unsent", reason: "ECONNREFUSED" });
  });

  it("calls an answer lost when the server hangs up on it", async () => {
    const tokenUrl = await listen(createTcpServer((socket) => socket.once("data", () => socket.destroy())));
    expect(await send({ tokenUrl })).toMatchObject({ kind: "lost", reason: "network" });
  });

  it("calls an answer lost when it is shorter than announced", async () => {
    const tokenUrl = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
      response.write(`{"access_token":`, () => response.destroy());
    });
    expect(await send({ tokenUrl })).toMatchObject({ kind: "lost", reason: "network" });
  });
});
