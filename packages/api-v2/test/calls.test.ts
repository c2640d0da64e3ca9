import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createBitbucketAPI, type BitbucketAPI } from "../src/index.ts";
import { rejectionOf } from "./signed-in-api.ts";

/** An API object that sends nothing to any network, and the requests that it made. */
function recordedApi(): { readonly api: BitbucketAPI; readonly sent: Request[] } {
  const sent: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent.push(new Request(input, init));
    return Response.json({});
  };
  return { api: createBitbucketAPI({ fetch }), sent };
}

/** The one request that a call makes. */
async function sentBy(call: (api: BitbucketAPI) => Promise<unknown>): Promise<Request> {
  const { api, sent } = recordedApi();
  await call(api);
  const [request] = sent;
  if (request === undefined || sent.length > 1) throw new Error(`${sent.length} requests were sent.`);
  return request;
}

/** Where a request goes at the API: path and query. */
function targetOf({ url }: Request): string {
  const { origin, pathname, search } = new URL(url);
  expect(origin).toBe("https://api.bitbucket.org");
  return pathname + search;
}

describe("a call by its route", () => {
  it.each([
    ["user", "/2.0/user"],
    ["/user", "/2.0/user"],
    ["repositories/acme/site/environments/", "/2.0/repositories/acme/site/environments/"],
    ["/2.0/user", "/2.0/user"],
    ["2.0/user", "/2.0/user"],
    ["repositories/acme?pagelen=5", "/2.0/repositories/acme?pagelen=5"],
    ["https://api.bitbucket.org/2.0/user?ctx=a%2Bb", "/2.0/user?ctx=a%2Bb"],
  ])("reads the route %s", async (route, target) => {
    const request = await sentBy((api) => api.get(route));
    expect([request.method, targetOf(request), request.body]).toEqual(["GET", target, null]);
  });

  it("keeps a # in an argument from cutting the route short", async () => {
    expect(targetOf(await sentBy((api) => api.get("repositories/acme/web/commit/fix#1")))).toBe(
      "/2.0/repositories/acme/web/commit/fix%231",
    );
  });

  it.each(["repositories/../user", "repositories/./user", "repositories/%2E%2e/user", ".."])(
    "refuses %s, which would lead elsewhere, and sends nothing",
    async (route) => {
      const { api, sent } = recordedApi();
      expect(await rejectionOf(api.get(route))).toMatchObject({ code: "invalid_options" });
      expect(sent).toEqual([]);
    },
  );

  it("writes a query in UTF-8, a list as several values, and adds to one that is there", async () => {
    const parameters = { q: 'name ~ "ü"', state: ["OPEN", "MERGED"], page: 2 };
    expect(targetOf(await sentBy((api) => api.get("a?x=1", parameters)))).toBe(
      "/2.0/a?x=1&q=name+%7E+%22%C3%BC%22&state=OPEN&state=MERGED&page=2",
    );
  });

  it("reads the parameters out of a URLSearchParams or a Map, and writes a date as Bitbucket does", async () => {
    const search = new URLSearchParams("q=a&state=OPEN&state=MERGED");
    expect(targetOf(await sentBy((api) => api.get("a", search)))).toBe("/2.0/a?q=a&state=OPEN&state=MERGED");
    const map = new Map<string, unknown>([["since", new Date(0)]]);
    expect(targetOf(await sentBy((api) => api.get("a", map)))).toBe(
      "/2.0/a?since=1970-01-01T00%3A00%3A00.000Z",
    );
    expect(await (await sentBy((api) => api.post("a", map))).json()).toEqual({
      since: "1970-01-01T00:00:00.000Z",
    });
  });

  it("sends a list as the whole body of a POST or PUT", async () => {
    const annotations = [{ external_id: "1" }];
    const request = await sentBy((api) => api.post("a", annotations));
    expect([request.headers.get("content-type"), await request.json()]).toEqual([
      "application/json",
      annotations,
    ]);
    expect(await (await sentBy((api) => api.put("a", []))).text()).toBe("[]");
  });

  it.each([
    ["a Promise", Promise.resolve({ a: 1 })],
    ["a Set", new Set(["a"])],
    ["a Date", new Date(0)],
    ["a list of query parameters", ["a"]],
    ["a Map with names that are no text", new Map([[1, "a"]])],
    ["a nested object", { a: { b: 1 } }],
    ["a date that is none", { a: new Date(Number.NaN) }],
  ])(
    "refuses %s as the parameters of a GET, which would be lost, and sends nothing",
    async (_what, given) => {
      const { api, sent } = recordedApi();
      expect(await rejectionOf(api.get("a", given))).toMatchObject({ code: "invalid_options" });
      expect(sent).toEqual([]);
    },
  );

  it("has parameters of DELETE in the query, and none of it when there are none", async () => {
    expect(targetOf(await sentBy((api) => api.delete("a", { force: true })))).toBe("/2.0/a?force=true");
    expect(targetOf(await sentBy((api) => api.delete("a", {})))).toBe("/2.0/a");
  });

  it("unwraps `_body` when it stands alone", async () => {
    expect(await (await sentBy((api) => api.put("a", { _body: 7 }))).text()).toBe("7");
    expect(await (await sentBy((api) => api.put("a", { _body: 7, b: 1 }))).text()).toBe('{"_body":7,"b":1}');
  });

  it("sends a POST with `{}` and a PUT with nothing when there are no parameters", async () => {
    expect(await (await sentBy((api) => api.post("a", null))).text()).toBe("{}");
    const put = await sentBy((api) => api.put("a", {}));
    expect([put.method, targetOf(put), put.body]).toEqual(["PUT", "/2.0/a", null]);
  });

  it("refuses what JSON cannot hold, and parameters that are no object, and sends nothing", async () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const { api, sent } = recordedApi();
    for (const parameters of [circular, { n: 1n }, "text"])
      expect(await rejectionOf(Reflect.apply(api.post, api, ["a", parameters]))).toMatchObject({
        code: "invalid_options",
      });
    expect(sent).toEqual([]);
  });
});

async function partsOf(fields: Record<string, unknown>): Promise<[string, string, string?][]> {
  const parts: [string, string, string?][] = [];
  const request = await sentBy((api) => api.postForm("a", fields));
  for (const [name, value] of await request.formData())
    parts.push(typeof value === "string" ? [name, value] : [name, await value.text(), value.name]);
  return parts;
}

describe("postForm()", () => {
  it("makes fields of texts, numbers and truths, and none of what is absent", async () => {
    expect(await partsOf({ a: "ü", b: 1, c: false, d: null, e: undefined })).toEqual([
      ["a", "ü"],
      ["b", "1"],
      ["c", "false"],
    ]);
  });

  it("sends the fields of a FormData and of a URLSearchParams, also as the body of a POST", async () => {
    const given = new FormData();
    given.append("message", "ü");
    given.append("files", new File(["1"], "1.txt"));
    given.append("files", new File(["2"], "2.txt"));
    const parts = [
      ["message", "ü"],
      ["files", "1", "1.txt"],
      ["files", "2", "2.txt"],
    ];
    expect(await partsOf(Object(given))).toEqual(parts);
    expect(await partsOf(Object(new URLSearchParams("a=1&a=2")))).toEqual([
      ["a", "1"],
      ["a", "2"],
    ]);
    const posted = await (await sentBy((api) => api.post("a", given))).formData();
    expect([...posted.keys()]).toEqual(["message", "files", "files"]);
  });

  it("makes files of blobs and bytes, named after their field or by themselves", async () => {
    const bytes = new TextEncoder().encode("_bytes_");
    expect(
      await partsOf({
        "src/a.txt": new Blob(["a"]),
        b: new File(["b"], "ü.zip"),
        c: bytes.subarray(1, 6),
        d: bytes.buffer,
      }),
    ).toEqual([
      ["src/a.txt", "a", "src/a.txt"],
      ["b", "b", "ü.zip"],
      ["c", "bytes", "c"],
      ["d", "_bytes_", "d"],
    ]);
  });

  it("makes a file of bytes of another realm, a test runner's say", async () => {
    const foreign: unknown = runInNewContext("Uint8Array.from([97, 98]).buffer");
    expect(await partsOf({ a: foreign })).toEqual([["a", "ab", "a"]]);
  });

  it("makes several parts of a list", async () => {
    expect(await partsOf({ files: [new File(["1"], "1"), new File(["2"], "2")] })).toEqual([
      ["files", "1", "1"],
      ["files", "2", "2"],
    ]);
  });

  it("makes the parts a snippet wants of a map of files", async () => {
    expect(await partsOf({ files: { "a.txt": "text", "b.png": new Blob(["png"]) } })).toEqual([
      ["file", "text", "a.txt"],
      ["file", "png", "b.png"],
    ]);
  });

  it("makes text of what has one", async () => {
    expect(
      await partsOf({ a: new URL("https://a.example"), b: Object.assign(Object.create(null), { c: "d" }) }),
    ).toEqual([
      ["a", "https://a.example/"],
      ["b", "d", "c"],
    ]);
  });

  it.each([
    ["a stream", new Blob(["a"]).stream()],
    ["a stream of Node's", Readable.from(["a"])],
    ["a promise", Promise.resolve("a")],
    ["a map of one of these", { "a.txt": Readable.from(["a"]) }],
    ["a map of maps", { "a.txt": { b: "c" } }],
  ])("refuses %s, which would arrive empty", async (_what, files) => {
    await expect(partsOf({ files })).rejects.toMatchObject({ code: "invalid_options" });
  });

  it("opens no path", async () => {
    expect(await partsOf({ file: "/etc/hostname" })).toEqual([["file", "/etc/hostname"]]);
  });
});

async function written(fields: Record<string, unknown>): Promise<{ type: string; parts: string[] }> {
  const request = await sentBy((api) => api.postRelated("a", fields));
  const type = request.headers.get("content-type") ?? "";
  const [, boundary = ""] = /boundary="([^"]+)"/.exec(type) ?? [];
  return { type: type.replace(boundary, "B"), parts: (await request.text()).split(`\r\n--${boundary}`) };
}

describe("postRelated()", () => {
  it("describes the snippet first, then gives each file under its name", async () => {
    const { type, parts } = await written({
      title: "Tïtle",
      files: { "a.txt": "ä", "b.png": new Blob(["png"], { type: "image/png" }) },
    });
    expect(type).toBe('multipart/related; boundary="B"; start="snippet"');
    expect(parts).toEqual([
      "",
      expect.stringMatching(
        /Content-ID: snippet\r\n[^]*\r\n\r\n\{"title":"Tïtle","files":\{"a.txt":\{\},"b.png":\{\}\}\}$/,
      ),
      expect.stringMatching(
        /Content-Type: text\/plain; charset=utf-8\r\n[^]*Content-ID: a.txt\r\n[^]*\r\n\r\nä$/,
      ),
      expect.stringMatching(/Content-Type: image\/png\r\n[^]*filename="b.png"\r\n\r\npng$/),
      "--\r\n",
    ]);
  });

  it("keeps a file name from ending its header", async () => {
    const { parts } = await written({ files: { 'a"\r\nX-Evil: 1': "x" } });
    expect(parts[2]).not.toMatch(/^X-Evil/m);
  });

  it("has a description alone when there are no files", async () => {
    expect((await written({ title: "t" })).parts).toHaveLength(3);
  });

  it.each([["text"], [new Blob(["a"]).stream()], [{ "a.txt": new Blob(["a"]).stream() }]])(
    "refuses %o as files, which would be lost",
    async (files) => {
      await expect(written({ files })).rejects.toMatchObject({ code: "invalid_options" });
    },
  );
});

/** Calls the API of a server that gives this answer. */
function callOn(
  response: Response,
  { apiTimeoutMs }: { readonly apiTimeoutMs?: number } = {},
): Promise<unknown> {
  return createBitbucketAPI({ fetch: async () => response, apiTimeoutMs }).get("user?secret=1", null, {
    withResponse: true,
  });
}

/** What a `fetch` of another making answers with. */
function answerOf(parts: object): Response {
  const answer: unknown = { ok: true, status: 200, headers: new Headers(), redirected: false, ...parts };
  return answer as Response;
}

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0xff, 0x00);
const typed = (body: BodyInit, type: string): Response =>
  new Response(body, { headers: { "content-type": type } });

describe("an answer", () => {
  it.each([
    ["JSON as its value", Response.json({ a: "ü" }), { a: "ü" }],
    ["a dialect of JSON too", typed('{"a":1}', "application/problem+json"), { a: 1 }],
    ["text as it is", typed("+ ü", "text/plain"), "+ ü"],
    ["text in its own character set", typed(Uint8Array.of(0xfc), "text/plain; charset=iso-8859-1"), "ü"],
    ["an image as its bytes", typed(png, "image/png"), png],
    ["a download as its bytes", typed(png, "application/octet-stream"), png],
    ["bytes that claim to be text as bytes", typed(png, "text/plain"), png],
    ["nothing as {}", new Response(null, { status: 204 }), {}],
  ])("is read: %s", async (_what, response, data) => {
    expect(await callOn(response)).toMatchObject({ data });
  });

  const stored = "repositories/acme/site/src/main/tsconfig.json";
  it.each<readonly [string, string, BodyInit, string, unknown]>([
    ["JSON as its value", stored, '{"a":1}', "application/json", { a: 1 }],
    ["JSON with comments as text", stored, "{ // c\n}", "application/json", "{ // c\n}"],
    [
      "another character set",
      stored,
      Uint8Array.of(0x22, 0xfc, 0x22),
      "application/json; charset=latin1",
      "ü",
    ],
    ["what is no UTF-8 as bytes", stored, png, "application/json", png],
    ["white space as it is", stored, " \n", "application/json", " \n"],
    ["a download", "repositories/a/b/downloads/c.json", "{oops", "application/json", "{oops"],
    ["a snippet's", "snippets/a/b/files/c.json", "{oops", "application/json", "{oops"],
  ])("reads a file that was stored: %s", async (_what, route, body, type, data) => {
    const api = createBitbucketAPI({ fetch: async () => typed(body, type) });
    expect(await api.get(route)).toEqual(data);
  });

  it("answers status and headers beside the value, and 304 as an answer", async () => {
    const location =
      "https://api.bitbucket.org/2.0/repositories/acme/site/pullrequests/1/merge/task-status/7";
    const accepted = new Response(null, { status: 202, headers: { location } });
    expect(await callOn(accepted)).toEqual({
      data: {},
      status: 202,
      headers: { location },
    });
    const unchanged = new Response(null, { status: 304 });
    expect(await callOn(unchanged)).toMatchObject({ data: {}, status: 304 });
  });

  it("rejects typed for a body that is not the JSON it says it is, and quotes nothing of it", async () => {
    const headers = { "content-type": "application/json" };
    const error = await rejectionOf(callOn(new Response("{oops", { headers })));
    expect(error).toMatchObject({ code: "api_request_failed", transient: true });
    expect(String(error)).toBe(
      "ApiRequestError: The answer to GET /2.0/user is not the JSON it says it is. Try again.",
    );
  });

  it("rejects typed for an answer that breaks off", async () => {
    const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("terminated")) });
    const error = await rejectionOf(callOn(new Response(body)));
    expect(error).toMatchObject({
      code: "api_request_failed",
      transient: true,
      message: expect.stringContaining("broke off"),
    });
  });

  it("rejects typed for an answer that does not end, and lets go of it", async () => {
    let letGo = 0;
    const endless = new ReadableStream({ cancel: () => void (letGo += 1) });
    const error = await rejectionOf(callOn(new Response(endless), { apiTimeoutMs: 10 }));
    expect(error).toMatchObject({
      code: "api_request_failed",
      transient: true,
      message: expect.stringContaining("did not end"),
    });
    expect(letGo).toBe(1);
  });

  it("does not wait for the end of a refusal either", async () => {
    const refusal = new Response(new ReadableStream(), { status: 500 });
    const error = await rejectionOf(callOn(refusal, { apiTimeoutMs: 10 }));
    expect(error).toMatchObject({ code: "api_request_failed", status: 500 });
  });

  it("ends with the signal's reason while an answer still arrives", async () => {
    const stop = new AbortController();
    let letGo = 0;
    const slow: typeof globalThis.fetch = async () => {
      setImmediate(() => stop.abort("enough"));
      return new Response(new ReadableStream({ cancel: () => void (letGo += 1) }));
    };
    expect(await rejectionOf(createBitbucketAPI({ fetch: slow, signal: stop.signal }).get("user"))).toBe(
      "enough",
    );
    expect(letGo).toBe(1);
  });

  it.each<readonly [string, () => object]>([
    [
      "a Node stream, as node-fetch has it",
      () => ({ body: Readable.from([Buffer.from('{"a":'), Buffer.from("1}")]) }),
    ],
    ["a text", () => ({ body: '{"a":1}' })],
    [
      "no body but arrayBuffer()",
      () => ({ arrayBuffer: async () => new TextEncoder().encode('{"a":1}').buffer }),
    ],
    ["no body but text()", () => ({ text: async () => '{"a":1}' })],
  ])("reads %s from any fetch", async (_what, body) => {
    const headers = new Headers({ "content-type": "application/json" });
    expect(await callOn(answerOf({ headers, ...body() }))).toMatchObject({ data: { a: 1 } });
  });

  it("lets go of a Node stream that does not end", async () => {
    const body = new Readable({ read: () => undefined });
    const error = await rejectionOf(callOn(answerOf({ body }), { apiTimeoutMs: 10 }));
    expect(error).toMatchObject({ message: expect.stringContaining("did not end") });
    expect(body.destroyed).toBe(true);
  });

  it("reads UTF-8 that arrives in pieces", async () => {
    const bytes = new TextEncoder().encode("世界");
    const pieces = new ReadableStream({
      start(stream) {
        for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
        stream.close();
      },
    });
    expect(await callOn(new Response(pieces))).toMatchObject({ data: "世界" });
  });
});
