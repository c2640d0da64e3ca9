import { describe, expect, it } from "vitest";
import { sendCall } from "../src/send-call.ts";
import { rejection } from "./signed-in-api.ts";

const call = { method: "GET", target: "/2.0/user?secret=1" };
const answering =
  (response: Response): typeof globalThis.fetch =>
  () =>
    Promise.resolve(response);

describe("sendCall()", () => {
  it("answers JSON as its value, other text as it is, and nothing as {}", async () => {
    const json = { fetch: answering(Response.json({ a: "ü" })) };
    expect(await sendCall(call, json)).toEqual({ a: "ü" });
    const diff = { fetch: answering(new Response("+ ü", { headers: { "content-type": "text/plain" } })) };
    expect(await sendCall(call, diff)).toBe("+ ü");
    expect(await sendCall(call, { fetch: answering(new Response(null, { status: 204 })) })).toEqual({});
  });

  it("rejects typed for JSON that is none, without a word of it", async () => {
    const headers = { "content-type": "application/json" };
    const error = await rejection(sendCall(call, { fetch: answering(new Response("{oops", { headers })) }));
    expect(error).toMatchObject({ code: "api_request_failed", transient: true });
    expect(String(error)).toBe(
      "ApiRequestError: The answer to GET /2.0/user is not the JSON it says it is. Try again.",
    );
  });

  it("rejects typed for an answer that breaks off", async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("terminated")) });
    const error = await rejection(sendCall(call, { fetch: answering(new Response(body)) }));
    expect(error).toMatchObject({
      code: "api_request_failed",
      transient: true,
      message: expect.stringContaining("broke off"),
    });
  });

  it("rejects typed for an answer that does not end, and lets go of it", async () => {
    let letGo = 0;
    const endless = new ReadableStream({ cancel: () => void (letGo += 1) });
    const error = await rejection(sendCall(call, { fetch: answering(new Response(endless)), timeoutMs: 10 }));
    expect(error).toMatchObject({
      code: "api_request_failed",
      transient: true,
      message: expect.stringContaining("did not end"),
    });
    expect(letGo).toBe(1);
  });

  it("does not wait for the end of a refusal either", async () => {
    const refusal = new Response(new ReadableStream(), { status: 500 });
    const error = await rejection(sendCall(call, { fetch: answering(refusal), timeoutMs: 10 }));
    expect(error).toMatchObject({ code: "api_request_failed", status: 500 });
  });

  it("ends with the signal's reason while an answer still arrives", async () => {
    const stop = new AbortController();
    let letGo = 0;
    const slow: typeof globalThis.fetch = async () => {
      setImmediate(() => stop.abort("enough"));
      return new Response(new ReadableStream({ cancel: () => void (letGo += 1) }));
    };
    expect(await rejection(sendCall(call, { fetch: slow, signal: stop.signal }))).toBe("enough");
    expect(letGo).toBe(1);
  });

  it("reads UTF-8 that arrives in pieces", async () => {
    const bytes = new TextEncoder().encode("世界");
    const pieces = new ReadableStream({
      start(stream) {
        for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
        stream.close();
      },
    });
    expect(await sendCall(call, { fetch: answering(new Response(pieces)) })).toBe("世界");
  });
});
