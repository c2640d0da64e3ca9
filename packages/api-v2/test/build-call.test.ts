import { describe, expect, it } from "vitest";
import { buildCall } from "../src/build-call.ts";

describe("buildCall()", () => {
  it.each([
    ["user", "/2.0/user"],
    ["/user/", "/2.0/user"],
    ["/2.0/user", "/2.0/user"],
    ["2.0/user", "/2.0/user"],
    ["repositories/acme?pagelen=5", "/2.0/repositories/acme?pagelen=5"],
    ["https://api.bitbucket.org/2.0/user?ctx=a%2Bb", "https://api.bitbucket.org/2.0/user?ctx=a%2Bb"],
  ])("reads the route %s", (route, target) => {
    expect(buildCall("GET", "query", route, undefined)).toEqual({ method: "GET", target });
  });

  it("keeps a # in an argument from cutting the route short", () => {
    expect(buildCall("GET", "query", "repositories/acme/web/commit/fix#1", null).target).toBe(
      "/2.0/repositories/acme/web/commit/fix%231",
    );
  });

  it.each(["repositories/../user", "repositories/./user", "repositories/%2E%2e/user", ".."])(
    "refuses %s, which would lead elsewhere",
    (route) => {
      expect(() => buildCall("GET", "query", route, null)).toThrow(
        expect.objectContaining({ code: "invalid_options" }),
      );
    },
  );

  it("writes a query in UTF-8, a list as several values, and adds to one that is there", () => {
    expect(
      buildCall("GET", "query", "a?x=1", { q: 'name ~ "ü"', state: ["OPEN", "MERGED"], page: 2 }).target,
    ).toBe("/2.0/a?x=1&q=name+%7E+%22%C3%BC%22&state=OPEN&state=MERGED&page=2");
  });

  it("has parameters of DELETE in the query, and none of it when there are none", () => {
    expect(buildCall("DELETE", "query", "a", { force: true }).target).toBe("/2.0/a?force=true");
    expect(buildCall("DELETE", "query", "a", {}).target).toBe("/2.0/a");
  });

  it("unwraps `_body` when it stands alone", () => {
    expect(buildCall("PUT", "json", "a", { _body: 7 }).body).toBe("7");
    expect(buildCall("PUT", "json", "a", { _body: 7, b: 1 }).body).toBe('{"_body":7,"b":1}');
  });

  it("sends a POST with `{}` and a PUT with nothing when there is nothing to say", () => {
    expect(buildCall("POST", "json", "a", null).body).toBe("{}");
    expect(buildCall("PUT", "json", "a", {})).toEqual({ method: "PUT", target: "/2.0/a" });
  });

  it("refuses what JSON cannot hold, and parameters that are no object", () => {
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    for (const parameters of [circular, { n: 1n }, "text"])
      expect(() => buildCall("POST", "json", "a", parameters)).toThrow(
        expect.objectContaining({ code: "invalid_options" }),
      );
  });
});
