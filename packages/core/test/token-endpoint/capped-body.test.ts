import { describe, expect, it } from "vitest";
import { BodyLost, readCappedBody } from "../../src/token-endpoint/http.ts";

function streamOf(...chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (stream) => {
      for (const chunk of chunks)
        stream.enqueue(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      stream.close();
    },
  });
}

describe("readCappedBody()", () => {
  it("reads a body whole up to the limit", async () => {
    expect(await readCappedBody({ body: streamOf("abc", "de") }, 5)).toEqual({
      body: "abcde",
      bodyTooLarge: false,
    });
  });

  it("stops past the limit and keeps what came before", async () => {
    expect(await readCappedBody({ body: streamOf("abc", "def") }, 5)).toEqual({
      body: "abc",
      bodyTooLarge: true,
    });
  });

  it("counts bytes, not characters", async () => {
    expect(await readCappedBody({ body: streamOf("€€") }, 5)).toMatchObject({ bodyTooLarge: true });
    expect(await readCappedBody({ body: streamOf("€€") }, 6)).toEqual({ body: "€€", bodyTooLarge: false });
  });

  it("joins a character that was cut in two", async () => {
    const [first, ...rest] = new TextEncoder().encode("€");
    expect(
      await readCappedBody({ body: streamOf(Uint8Array.of(first ?? 0), Uint8Array.from(rest)) }, 9),
    ).toMatchObject({ body: "€" });
  });

  it("takes no body for an empty one", async () => {
    expect(await readCappedBody({ body: null }, 5)).toEqual({ body: "", bodyTooLarge: false });
  });

  it("lets go of an endless body without reading on", async () => {
    let pulled = 0;
    let cancelled = 0;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (stream) => {
          pulled += 1;
          stream.enqueue(new Uint8Array(10));
        },
        // Never settles: the reader must not wait for it.
        cancel: () => {
          cancelled += 1;
          return new Promise<void>(() => {});
        },
      },
      { highWaterMark: 0 },
    );
    expect(await readCappedBody({ body: endless }, 25)).toMatchObject({ bodyTooLarge: true });
    expect([pulled, cancelled]).toEqual([3, 1]);
  });

  it.each<readonly [string, string, object]>([
    ["a reader that cannot read", "a body without a way to read it", { getReader: () => ({}) }],
    ["no reader", "a body without a way to read it", { getReader: () => null }],
    [
      "a reader that reads no chunks",
      "a body that gives no chunks",
      { getReader: () => ({ read: async () => "text" }) },
    ],
    [
      "a reader that reads nothing at all",
      "a body that gives no chunks",
      { getReader: () => ({ read: async () => null }) },
    ],
    [
      "chunks that are numbers",
      "a body whose chunks are neither text nor bytes",
      { getReader: () => ({ read: async () => ({ done: false, value: 7 }), cancel: () => undefined }) },
    ],
  ])("says what is wrong with %s", async (_what, message, body) => {
    await expect(readCappedBody({ body }, 5)).rejects.toThrow(new TypeError(message));
  });

  it("ends a Node stream by destroy(), and an iterator by return()", async () => {
    const ended: string[] = [];
    const steps = {
      next: async () => ({ done: false, value: "too long" }),
      return: async () => void ended.push("return()"),
    };
    const iterable = { [Symbol.asyncIterator]: () => steps };
    const stream = { ...iterable, destroy: () => void ended.push("destroy()") };
    expect(await readCappedBody({ body: stream }, 5)).toMatchObject({ bodyTooLarge: true });
    expect(await readCappedBody({ body: iterable }, 5)).toMatchObject({ bodyTooLarge: true });
    expect(ended).toEqual(["destroy()", "return()"]);
  });

  it("asks nothing of an iterator that cannot be ended", async () => {
    const steps = { next: async () => ({ done: false, value: "too long" }) };
    const body = { [Symbol.asyncIterator]: () => steps };
    expect(await readCappedBody({ body }, 5)).toEqual({ body: "", bodyTooLarge: true });
  });

  it("lets go of a body that hangs when its signal is aborted, before or meanwhile", async () => {
    let cancelled = 0;
    const hanging = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        cancel: () => {
          cancelled += 1;
        },
      });
    await readCappedBody({ body: hanging() }, 5, AbortSignal.abort());
    expect(cancelled).toBe(1);
    const caller = new AbortController();
    const reading = readCappedBody({ body: hanging() }, 5, caller.signal);
    caller.abort();
    await reading;
    expect(cancelled).toBe(2);
  });

  it("rejects when the connection breaks", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (stream) => stream.error(new Error("reset")) });
    await expect(readCappedBody({ body: broken }, 5)).rejects.toThrow(BodyLost);
  });
});
