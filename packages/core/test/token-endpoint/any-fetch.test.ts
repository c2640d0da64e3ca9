import { createContext, runInContext } from "node:vm";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createAuthUnderTest, expired, nonsense } from "../auth-under-test.ts";
import { tokenBody } from "../fake-fetch.ts";
import { rejectionOf } from "../promises.ts";
import { connectFailureCode } from "../../src/token-endpoint/http.ts";

const text = JSON.stringify(tokenBody({ access_token: "access-2", refresh_token: "refresh-2" }));
const bytes = new TextEncoder().encode(text);
const elsewhere = createContext({ TextEncoder });

/** What a `fetch` of another making may resolve with. */
function answered(body: object): object {
  const headers = new Headers({ "content-type": "application/json" });
  return { status: 200, ok: true, redirected: false, headers, ...body };
}

function throwing(what: unknown): never {
  // oxlint-disable-next-line typescript/only-throw-error -- Other people's code may.
  throw what;
}

async function* chunks(...parts: readonly unknown[]): AsyncGenerator {
  yield* parts;
}

async function refreshThrough(
  fetch: () => unknown,
): Promise<{ readonly outcome: unknown; readonly calls: number; readonly pending: boolean }> {
  let calls = 0;
  const test = createAuthUnderTest([], {
    fetch: (() => {
      calls++;
      return fetch();
    }) as unknown as typeof globalThis.fetch,
  });
  await test.store(expired);
  const outcome = await test.auth.getAccessToken("ann").catch((error: unknown) => error);
  return { outcome, calls, pending: (await test.stored())?.pending !== undefined };
}

describe("a refresh through any fetch", () => {
  it.each<readonly [string, object]>([
    ["a Node stream, as node-fetch has it", { body: Readable.from([Buffer.from(text)]) }],
    ["a Node stream of texts", { body: Readable.from([text.slice(0, 9), text.slice(9)]) }],
    ["an async iterable of bytes", { body: chunks(bytes.slice(0, 9), bytes.slice(9)) }],
    ["an async iterable of array buffers", { body: chunks(bytes.buffer) }],
    ["no body but arrayBuffer()", { arrayBuffer: async () => bytes.buffer }],
    ["no body but text()", { text: async () => text }],
    ["a text, as got has it", { body: text }],
    ["bytes", { body: Buffer.from(text) }],
    ["a body of no known kind and text()", { body: 7, text: async () => text }],
    [
      "bytes of another realm",
      { body: chunks(runInContext(`new TextEncoder().encode(${JSON.stringify(text)})`, elsewhere)) },
    ],
    [
      "an array buffer of another realm",
      { arrayBuffer: async () => runInContext(`Uint8Array.from([${bytes.join()}]).buffer`, elsewhere) },
    ],
  ])("reads %s", async (_what, body) => {
    expect(await refreshThrough(async () => answered(body))).toEqual({
      outcome: "access-2",
      calls: 1,
      pending: false,
    });
  });

  it.each<readonly [string, object]>([
    ["chunks that are neither text nor bytes", { body: chunks(7) }],
    ["a body whose reader cannot read", { body: { getReader: () => ({}) } }],
    ["a body that throws when it is read", { body: { getReader: () => null } }],
    ["headers that are none", { headers: undefined }],
    [
      "a body whose reader throws nothing",
      { body: { getReader: () => ({ read: () => throwing(undefined) }) } },
    ],
    ["a body whose reader throws null", { body: { getReader: () => ({ read: () => throwing(null) }) } }],
    ["a body whose reader throws a text", { body: { getReader: () => ({ read: () => throwing("text") }) } }],
    [
      "a body that is locked already",
      {
        get body(): never {
          throw new TypeError("body used already");
        },
      },
    ],
  ])("never sends again because of %s: the token may be spent", async (_what, body) => {
    const { outcome, calls, pending } = await refreshThrough(async () =>
      Object.create(
        {},
        { ...Object.getOwnPropertyDescriptors(answered({})), ...Object.getOwnPropertyDescriptors(body) },
      ),
    );
    expect(outcome).toMatchObject({ code: "token_response_invalid" });
    expect([calls, pending]).toEqual([1, true]);
  });

  it("never sends again because `fetch` threw before it returned a promise: nothing was sent, and the grant is kept", async () => {
    const { outcome, calls, pending } = await refreshThrough(() => {
      throw new TypeError("no such option: body");
    });
    expect(outcome).toMatchObject({ code: "token_request_rejected", action: "fix_config" });
    expect(String(outcome)).toContain("TypeError");
    expect([calls, pending]).toEqual([1, false]);
  });

  it("sends once more when the connection breaks while the body arrives", async () => {
    const { calls } = await refreshThrough(async () => {
      async function* broken(): AsyncGenerator {
        yield bytes.slice(0, 9);
        throw new Error("aborted");
      }
      return answered({ body: broken() });
    });
    expect(calls).toBe(2);
  });

  it("reads no more than 64 kB of a body that has only arrayBuffer()", async () => {
    const { outcome } = await refreshThrough(async () =>
      answered({ arrayBuffer: async () => new ArrayBuffer(65_537) }),
    );
    expect(outcome).toMatchObject({ code: "token_response_invalid" });
  });
});

describe("connectFailureCode()", () => {
  it.each(["ECONNREFUSED", "ENOTFOUND"])("knows %s of another realm", (code) => {
    const cause = `Object.assign(new Error("x"), { code: "${code}" })`;
    expect(connectFailureCode(runInContext(cause, elsewhere))).toBe(code);
    const wrapped = runInContext(`new TypeError("fetch failed", { cause: ${cause} })`, elsewhere);
    expect(connectFailureCode(wrapped)).toBe(code);
    const all = runInContext(
      `Object.assign(new AggregateError([Object.assign(new Error("x"), { syscall: "connect" })]), { code: "ETIMEDOUT" })`,
      elsewhere,
    );
    expect(connectFailureCode(all)).toBe("ETIMEDOUT");
  });
});

describe("a web page in place of an answer", () => {
  it.each([
    [403, "text/html", "<html>Forbidden by proxy</html>"],
    [400, "text/plain", "Bad Request"],
    [404, "text/html", "<html>"],
  ])(
    "with status %d is told as one with status 200 is, and the grant is kept",
    async (status, type, body) => {
      const page = new Response(body, { status, headers: { "content-type": type } });
      const told: unknown[] = [];
      for (const answer of [page, nonsense]) {
        const test = createAuthUnderTest([answer]);
        await test.store(expired);
        const error = await rejectionOf(test.auth.getAccessToken("ann"));
        const { status: state, refreshToken, failure, pending } = (await test.stored()) ?? {};
        told.push([error, state, refreshToken]);
        expect([failure?.code, pending !== undefined]).toEqual(["token_response_invalid", true]);
        expect(test.sent()).toHaveLength(1);
      }
      const expected = [
        { code: "token_response_invalid", transient: true, action: "retry" },
        "active",
        "refresh-1",
      ];
      expect(told).toMatchObject([expected, expected]);
    },
  );
});
