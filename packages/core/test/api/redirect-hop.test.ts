import { describe, expect, it } from "vitest";
import { type ApiCall, noBody, readCallerRequest } from "../../src/api/api-call.ts";
import { followRedirect, isRedirect } from "../../src/api/redirect-hop.ts";
import { ApiRequestError } from "../../src/errors.ts";
import { apiUrl, redirectTo } from "./api-under-test.ts";

const elsewhere = "https://storage.example/file?signature=1";

function callOf(method: string, init: RequestInit = {}): ApiCall {
  return readCallerRequest("/2.0/from", { method, ...init }, new URL(apiUrl)).call;
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
    expect(followRedirect(callOf(method), redirectTo("/2.0/to", status), 1)).toMatchObject({
      method: next,
      atHome: true,
    });
  });

  it("drops a body, and the headers about it, with the method that carried it", () => {
    const call = callOf("POST", {
      body: "a=1",
      headers: { "content-type": "text/plain", accept: "text/html" },
    });
    const kept = followRedirect(call, redirectTo("/2.0/to", 307), 1);
    expect(kept.body.content).toBe("a=1");
    expect(kept.headers.get("content-type")).toBe("text/plain");
    const dropped = followRedirect(call, redirectTo("/2.0/to", 302), 1);
    expect(dropped.body).toBe(noBody);
    expect([...dropped.headers.keys()]).toEqual(["accept"]);
  });

  it("reads a Location against the address that answered", () => {
    const call = { ...callOf("GET"), url: new URL("https://api.bitbucket.org/2.0/a/b") };
    expect(followRedirect(call, redirectTo("../c?page=2"), 1).url.href).toBe(
      "https://api.bitbucket.org/2.0/c?page=2",
    );
  });

  it("leaves credentials behind when it leaves the API, and the rest comes along", () => {
    const headers = { cookie: "a=1", "proxy-authorization": "Basic x", accept: "text/plain" };
    const away = followRedirect(callOf("GET", { headers }), redirectTo(elsewhere), 1);
    expect(away).toMatchObject({ atHome: false, url: new URL(elsewhere) });
    expect([...away.headers.keys()]).toEqual(["accept"]);
  });

  it("does not come home again", () => {
    const away = followRedirect(callOf("GET"), redirectTo(elsewhere), 1);
    expect(followRedirect(away, redirectTo("/other"), 2).atHome).toBe(false);
    expect(followRedirect(away, redirectTo(`${apiUrl}/2.0/user`), 2).atHome).toBe(false);
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
    expect(() => followRedirect(call, response, 1)).toThrow(
      expect.objectContaining({
        code: "api_request_failed",
        transient: false,
        message: expect.stringContaining(why),
      }),
    );
  });

  it("goes to plain http: on a loopback host", () => {
    expect(followRedirect(callOf("GET"), redirectTo("http://127.0.0.1:9000/file"), 1).atHome).toBe(false);
  });

  it("sends a stream no further, and goes on without it after a 303", () => {
    const call = callOf("POST", { body: new ReadableStream() });
    expect(followRedirect(call, redirectTo("/2.0/to", 303), 1)).toMatchObject({
      method: "GET",
      body: noBody,
    });
  });

  it("follows five in a row and not a sixth", () => {
    expect(followRedirect(callOf("GET"), redirectTo("/2.0/to"), 5).url.pathname).toBe("/2.0/to");
    expect(() => followRedirect(callOf("GET"), redirectTo("/2.0/to"), 6)).toThrow(ApiRequestError);
  });
});
