import { describe, expect, it } from "vitest";
import { describeCall, readCallerRequest } from "../../src/api/api-call.ts";
import { ForeignOriginError } from "../../src/errors.ts";
import { apiUrl } from "./api-under-test.ts";

const api = new URL(apiUrl);
const userUrl = `${apiUrl}/2.0/user`;

describe("readCallerRequest()", () => {
  it("reads a path as a GET that follows redirects", () => {
    const { call, redirect, signal } = readCallerRequest("/2.0/user", undefined, api);
    expect(call).toMatchObject({ method: "GET", atHome: true, body: { content: null, repeatable: true } });
    expect({ url: call.url.href, redirect, signal }).toEqual({
      url: userUrl,
      redirect: "follow",
      signal: undefined,
    });
  });

  it("takes what is in init over what is in the Request", () => {
    const request = new Request(userUrl, { method: "PUT", headers: { a: "1" }, redirect: "error" });
    const asked = readCallerRequest(request, undefined, api);
    expect(asked).toMatchObject({ redirect: "error", call: { method: "PUT" } });
    expect([...asked.call.headers]).toEqual([["a", "1"]]);
    const changed = readCallerRequest(
      request,
      { method: "delete", headers: { b: "2" }, redirect: "manual" },
      api,
    );
    expect(changed).toMatchObject({ redirect: "manual", call: { method: "DELETE" } });
    expect([...changed.call.headers]).toEqual([["b", "2"]]);
  });

  it("lets null take the Request's signal away", () => {
    const request = new Request(userUrl, { signal: new AbortController().signal });
    expect(readCallerRequest(request, undefined, api).signal).toBe(request.signal);
    expect(readCallerRequest(request, { signal: null }, api).signal).toBeUndefined();
  });

  it("drops an Authorization of the caller's own, and leaves the caller's headers as they were", () => {
    const headers = new Headers({ Authorization: "Basic x", accept: "text/plain" });
    expect([...readCallerRequest("/2.0/user", { headers }, api).call.headers]).toEqual([
      ["accept", "text/plain"],
    ]);
    expect(headers.get("authorization")).toBe("Basic x");
  });

  it("hands the rest on", () => {
    const { extras } = readCallerRequest(
      new Request(userUrl, { cache: "no-store" }),
      { keepalive: true },
      api,
    ).call;
    expect(extras).toMatchObject({ cache: "no-store", keepalive: true });
    expect(Object.keys(extras)).not.toContain("method");
  });

  it.each<[string, BodyInit]>([
    ["a string", "a"],
    ["an empty string", ""],
    ["URLSearchParams", new URLSearchParams("a=1")],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a view", new Uint8Array(1)],
    ["a Blob", new Blob(["a"])],
    ["FormData", new FormData()],
  ])("knows that %s can be sent twice", (_what, content) => {
    expect(readCallerRequest("/2.0/user", { method: "POST", body: content }, api).call.body).toEqual({
      content,
      repeatable: true,
    });
  });

  it("knows that a stream and the body of a Request cannot", () => {
    const stream = readCallerRequest("/2.0/user", { method: "POST", body: new ReadableStream() }, api);
    expect(stream.call.body).toMatchObject({ repeatable: false });
    const request = new Request(userUrl, { method: "POST", body: "a" });
    expect(readCallerRequest(request, undefined, api).call.body).toEqual({
      content: null,
      repeatable: false,
      carrier: request,
    });
  });

  it("does not suspect a body in a GET where the platform does not show bodies", () => {
    const request = Object.defineProperty(new Request(userUrl), "body", { value: undefined });
    expect(readCallerRequest(request, undefined, api).call.body.repeatable).toBe(true);
  });

  it("takes the body in init over the one in the Request", () => {
    const request = new Request(userUrl, { method: "POST", body: "a" });
    expect(readCallerRequest(request, { body: "b" }, api).call.body).toEqual({
      content: "b",
      repeatable: true,
    });
  });

  it("refuses what no fetch would send, before it can look like a failing network", async () => {
    expect(() => readCallerRequest("/2.0/user", { body: "a" }, api)).toThrow(
      /GET request cannot have a body/,
    );
    const used = new Request(userUrl, { method: "POST", body: "a" });
    await used.text();
    expect(() => readCallerRequest(used, undefined, api)).toThrow(
      expect.objectContaining({ code: "api_request_failed", transient: false, action: "fix_config" }),
    );
  });

  it("refuses a Request to another host", () => {
    expect(() => readCallerRequest(new Request("https://evil.example/2.0/user"), undefined, api)).toThrow(
      ForeignOriginError,
    );
  });
});

describe("describeCall()", () => {
  it("shows neither host nor query", () => {
    expect(describeCall(readCallerRequest("/2.0/user?q=secret", { method: "HEAD" }, api).call)).toBe(
      "HEAD /2.0/user",
    );
  });
});
