import { readApiAddress, resolveAddress } from "../../src/api/address.ts";
import {
  type ApiCall,
  followRedirect,
  isRedirect,
  noBody,
  readCallerRequest,
  describeCall,
} from "../../src/api/call.ts";
import { ForeignOriginError, ApiRequestError } from "../../src/errors.ts";
import { apiUrl, redirectTo } from "./api-under-test.ts";
import { isApiUrl, urlTricks } from "./url-tricks.ts";
import { describe, expect, it } from "vitest";

const api = new URL(apiUrl);
const origins = { api };

describe("resolveAddress()", () => {
  it.each([
    ["/2.0/user", "https://api.bitbucket.org/2.0/user"],
    [
      "/2.0/repositories/me/it/src/main/my file.txt",
      "https://api.bitbucket.org/2.0/repositories/me/it/src/main/my%20file.txt",
    ],
    ["/2.0/user?q=a\\b#c", "https://api.bitbucket.org/2.0/user?q=a\\b#c"],
    ["https://api.bitbucket.org/2.0/user", "https://api.bitbucket.org/2.0/user"],
    ["HTTPS://API.Bitbucket.ORG:443/2.0/user", "https://api.bitbucket.org/2.0/user"],
    ["/2.0/../../../../2.0/user", "https://api.bitbucket.org/2.0/user"],
    ["/2.0/%2e%2e/user", "https://api.bitbucket.org/user"],
    ["/..//evil.example", "https://api.bitbucket.org//evil.example"],
  ])("takes %j", (input, url) => {
    expect(resolveAddress(input, origins)).toBe(url);
  });

  it("refuses null, as from a program without types", () => {
    const [nothing] = JSON.parse("[null]") as [string];
    expect(() => resolveAddress(nothing, origins)).toThrow(ForeignOriginError);
  });

  it("takes a URL and a Request of the API", () => {
    expect(resolveAddress(new URL("/2.0/user", api), origins)).toBe("https://api.bitbucket.org/2.0/user");
    expect(resolveAddress(new Request("https://api.bitbucket.org/2.0/user"), origins)).toBe(
      "https://api.bitbucket.org/2.0/user",
    );
  });

  it("keeps to the port of an API on another one", () => {
    const local = new URL("http://127.0.0.1:4010");
    expect(resolveAddress("/2.0/user", { api: local })).toBe("http://127.0.0.1:4010/2.0/user");
    expect(() => resolveAddress("http://127.0.0.1:4011/2.0/user", { api: local })).toThrow(
      ForeignOriginError,
    );
    expect(() => resolveAddress("https://127.0.0.1:4010/2.0/user", { api: local })).toThrow(
      ForeignOriginError,
    );
  });

  it.each([
    "",
    "2.0/user",
    "api.bitbucket.org/2.0/user",
    "?page=2",
    "#top",
    "/2.0\\user",
    "/2.0/us\ner",
    "/2.0/user\0",
    " /2.0/user",
    "https://user@api.bitbucket.org/2.0/user",
    "https://:pw@api.bitbucket.org/2.0/user",
  ])("refuses %j, although it may resolve to the API", (input) => {
    expect(() => resolveAddress(input, origins)).toThrow(ForeignOriginError);
  });

  it("refuses a blob: URL, whose origin is that of the URL inside it", () => {
    const blob = new URL("blob:https://api.bitbucket.org/2.0/user");
    expect(blob.origin).toBe(api.origin);
    expect(() => resolveAddress(blob, origins)).toThrow(ForeignOriginError);
  });

  it("refuses each trick that a URL parser resolves elsewhere", () => {
    const accepted = urlTricks.filter((trick) => isAccepted(trick));
    expect(accepted.filter((trick) => !isApiUrl(trick))).toEqual([]);
    expect(urlTricks.length - accepted.length).toBeGreaterThanOrEqual(200);
  });

  it("sends what it takes to the API and nowhere else", () => {
    const accepted = urlTricks.filter((trick) => isAccepted(trick));
    expect(accepted.map((trick) => resolveAddress(trick, origins)).filter((href) => !isApiUrl(href))).toEqual(
      [],
    );
  });

  it("names the host it refuses, and neither path, query nor user", () => {
    expect(() =>
      resolveAddress(
        "https://hidden-user:hidden-pw@evil.example:8443/hidden-path?token=hidden-query",
        origins,
      ),
    ).toThrow(/^(?!.*hidden).*https:\/\/…@evil\.example:8443,/);
  });
});

describe("readApiAddress()", () => {
  it("answers what resolveAddress() answers, and nothing where that throws", () => {
    for (const trick of [...urlTricks, "/2.0/user", `${apiUrl}/2.0/user?page=2`]) {
      expect(readApiAddress(trick, api)?.href).toBe(
        isAccepted(trick) ? resolveAddress(trick, origins) : undefined,
      );
    }
  });
});

function isAccepted(input: string): boolean {
  try {
    return resolveAddress(input, origins) !== "";
  } catch (error) {
    if (error instanceof ForeignOriginError) return false;
    throw error;
  }
}

const atBitbucket = { api: new URL(apiUrl) };
const follow = (call: ApiCall, response: Response, hop: number): ApiCall =>
  followRedirect(call, response, hop, atBitbucket);
const elsewhere = "https://storage.example/file?signature=1";

function callOf(method: string, init: RequestInit = {}): ApiCall {
  return readCallerRequest("/2.0/from", { method, ...init }, atBitbucket).call;
}

describe("isRedirect()", () => {
  it.each([301, 302, 303, 307, 308])("takes a %i with a Location for one", (status) => {
    expect(isRedirect(redirectTo("/2.0/user", status))).toBe(true);
  });

  it("takes an answer without a Location, and other statuses with one, as they are", () => {
    expect(isRedirect(new Response(null, { status: 302 }))).toBe(false);
    expect(isRedirect(new Response(null, { status: 201, headers: { location: "/2.0/new" } }))).toBe(false);
    expect(isRedirect(redirectTo("/2.0/user", 304))).toBe(false);
  });
});

describe("followRedirect()", () => {
  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [303, "PUT", "GET"],
    [303, "DELETE", "GET"],
    [303, "HEAD", "HEAD"],
    [302, "HEAD", "HEAD"],
    [302, "GET", "GET"],
  ])("after a %i sends a %s as %s", (status, method, next) => {
    expect(follow(callOf(method), redirectTo("/2.0/to", status), 1)).toMatchObject({
      method: next,
      carriesCredential: true,
    });
  });

  it("drops a body, and the headers about it, with the method that carried it", () => {
    const call = callOf("POST", {
      body: "a=1",
      headers: { "content-type": "text/plain", accept: "text/html" },
    });
    const kept = follow(call, redirectTo("/2.0/to", 307), 1);
    expect(kept.body.content).toBe("a=1");
    expect(kept.headers?.get("content-type")).toBe("text/plain");
    const dropped = follow(call, redirectTo("/2.0/to", 302), 1);
    expect(dropped.body).toBe(noBody);
    expect([...(dropped.headers?.keys() ?? [])]).toEqual(["accept"]);
  });

  it("reads a Location against the address that answered", () => {
    const call = { ...callOf("GET"), href: "https://api.bitbucket.org/2.0/a/b" };
    expect(follow(call, redirectTo("../c?page=2"), 1).href).toBe("https://api.bitbucket.org/2.0/c?page=2");
  });

  it("reads letters that a server left unescaped as the platform's fetch does", () => {
    const bytes = String.fromCharCode(...new TextEncoder().encode("/2.0/größe?q=ü"));
    const location = `https://api.bitbucket.org${bytes}`;
    const response = new Response(null, { status: 302, headers: { location } });
    expect(follow(callOf("GET"), response, 1).href).toBe(
      "https://api.bitbucket.org/2.0/gr%C3%B6%C3%9Fe?q=%C3%BC",
    );
  });

  it("leaves credentials behind when it leaves the API, and the rest comes along", () => {
    const headers = { cookie: "a=1", "proxy-authorization": "Basic x", accept: "text/plain" };
    const away = follow(callOf("GET", { headers }), redirectTo(elsewhere), 1);
    expect(away).toMatchObject({ carriesCredential: false, href: elsewhere });
    expect([...(away.headers?.keys() ?? [])]).toEqual(["accept"]);
  });

  it("does not come home again", () => {
    const away = follow(callOf("GET"), redirectTo(elsewhere), 1);
    expect(follow(away, redirectTo("/other"), 2).carriesCredential).toBe(false);
    expect(follow(away, redirectTo(`${apiUrl}/2.0/user`), 2).carriesCredential).toBe(false);
  });

  it.each([
    [
      "a POST to another host",
      callOf("POST"),
      redirectTo(elsewhere, 307),
      "a POST is not sent to another host",
    ],
    ["a DELETE to another host", callOf("DELETE"), redirectTo(elsewhere, 302), "a DELETE is not sent"],
    ["plain http:", callOf("GET"), redirectTo("http://storage.example/"), "no https: address"],
    [
      "plain http: of the API itself",
      callOf("GET"),
      redirectTo("http://api.bitbucket.org/"),
      "no https: address",
    ],
    [
      "a user in the address",
      callOf("GET"),
      redirectTo("https://me:pw@api.bitbucket.org/"),
      "no https: address",
    ],
    ["another scheme", callOf("GET"), redirectTo("data:text/plain,hi"), "no https: address"],
    ["an address that is none", callOf("GET"), redirectTo("https://"), "no https: address"],
    [
      "a stream",
      callOf("POST", { body: new ReadableStream() }),
      redirectTo("/2.0/to", 307),
      "read only once",
    ],
  ])("refuses %s", (_what, call, response, why) => {
    expect(() => follow(call, response, 1)).toThrow(
      expect.objectContaining({
        code: "api_request_failed",
        transient: false,
        message: expect.stringContaining(why),
      }),
    );
  });

  it("goes to plain http: on a loopback host", () => {
    expect(follow(callOf("GET"), redirectTo("http://127.0.0.1:9000/file"), 1).carriesCredential).toBe(false);
  });

  it("sends a stream no further, and goes on without it after a 303", () => {
    const call = callOf("POST", { body: new ReadableStream() });
    expect(follow(call, redirectTo("/2.0/to", 303), 1)).toMatchObject({
      method: "GET",
      body: noBody,
    });
  });

  it("follows five in a row and not a sixth", () => {
    expect(follow(callOf("GET"), redirectTo("/2.0/to"), 5).href).toBe(`${apiUrl}/2.0/to`);
    expect(() => follow(callOf("GET"), redirectTo("/2.0/to"), 6)).toThrow(ApiRequestError);
  });
});

const atApi = { api: new URL(apiUrl) };
const userUrl = `${apiUrl}/2.0/user`;

describe("readCallerRequest()", () => {
  it("reads a path as a GET that follows redirects", () => {
    const { call, redirect, signal } = readCallerRequest("/2.0/user", undefined, atApi);
    expect(call).toMatchObject({
      method: "GET",
      carriesCredential: true,
      body: { content: null, repeatable: true },
    });
    expect({ url: call.href, redirect, signal }).toEqual({
      url: userUrl,
      redirect: "follow",
      signal: undefined,
    });
  });

  it("takes what is in init over what is in the Request", () => {
    const request = new Request(userUrl, { method: "PUT", headers: { a: "1" }, redirect: "error" });
    const asked = readCallerRequest(request, undefined, atApi);
    expect(asked).toMatchObject({ redirect: "error", call: { method: "PUT" } });
    expect([...(asked.call.headers ?? [])]).toEqual([["a", "1"]]);
    const changed = readCallerRequest(
      request,
      { method: "delete", headers: { b: "2" }, redirect: "manual" },
      atApi,
    );
    expect(changed).toMatchObject({ redirect: "manual", call: { method: "DELETE" } });
    expect([...(changed.call.headers ?? [])]).toEqual([["b", "2"]]);
  });

  it("lets null take the Request's signal away", () => {
    const request = new Request(userUrl, { signal: new AbortController().signal });
    expect(readCallerRequest(request, undefined, atApi).signal).toBe(request.signal);
    expect(readCallerRequest(request, { signal: null }, atApi).signal).toBeUndefined();
  });

  it("drops an Authorization of the caller's own, and leaves the caller's headers as they were", () => {
    const headers = new Headers({ Authorization: "Basic x", accept: "text/plain" });
    expect([...(readCallerRequest("/2.0/user", { headers }, atApi).call.headers ?? [])]).toEqual([
      ["accept", "text/plain"],
    ]);
    expect(headers.get("authorization")).toBe("Basic x");
  });

  it("hands the rest on", () => {
    const { extras } = readCallerRequest(
      new Request(userUrl, { cache: "no-store" }),
      { keepalive: true },
      atApi,
    ).call;
    expect(extras).toMatchObject({ cache: "no-store", keepalive: true });
    expect(Object.keys(extras ?? {})).not.toContain("method");
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
    expect(readCallerRequest("/2.0/user", { method: "POST", body: content }, atApi).call.body).toEqual({
      content,
      repeatable: true,
    });
  });

  it("knows that a stream and the body of a Request cannot", () => {
    const stream = readCallerRequest("/2.0/user", { method: "POST", body: new ReadableStream() }, atApi);
    expect(stream.call.body).toMatchObject({ repeatable: false });
    const request = new Request(userUrl, { method: "POST", body: "a" });
    expect(readCallerRequest(request, undefined, atApi).call.body).toEqual({
      content: null,
      repeatable: false,
      carrier: request,
    });
  });

  it("does not suspect a body in a GET where the platform does not show bodies", () => {
    const request = Object.defineProperty(new Request(userUrl), "body", { value: undefined });
    expect(readCallerRequest(request, undefined, atApi).call.body.repeatable).toBe(true);
  });

  it("takes the body in init over the one in the Request", () => {
    const request = new Request(userUrl, { method: "POST", body: "a" });
    expect(readCallerRequest(request, { body: "b" }, atApi).call.body).toEqual({
      content: "b",
      repeatable: true,
    });
  });

  it.each(["TRACE", "connect", "Track", "GE T", "", "GÉT"])(
    "refuses the method %j by name, not as a failing network",
    (method) => {
      expect(() => readCallerRequest("/2.0/user", { method }, atApi)).toThrow(
        expect.objectContaining({
          code: "api_request_failed",
          action: "fix_config",
          transient: false,
          message: expect.stringContaining("method"),
        }),
      );
    },
  );

  it("refuses what no fetch would send, before it can look like a failing network", async () => {
    expect(() => readCallerRequest("/2.0/user", { body: "a" }, atApi)).toThrow(
      /GET request cannot have a body/,
    );
    const used = new Request(userUrl, { method: "POST", body: "a" });
    await used.text();
    expect(() => readCallerRequest(used, undefined, atApi)).toThrow(
      expect.objectContaining({ code: "api_request_failed", transient: false, action: "fix_config" }),
    );
  });

  it("refuses a Request to another host", () => {
    expect(() => readCallerRequest(new Request("https://evil.example/2.0/user"), undefined, atApi)).toThrow(
      ForeignOriginError,
    );
  });
});

describe("describeCall()", () => {
  it("shows neither host nor query", () => {
    expect(describeCall(readCallerRequest("/2.0/user?q=secret", { method: "HEAD" }, atApi).call)).toBe(
      "HEAD /2.0/user",
    );
  });
});
