import { describe, expect, it } from "vitest";
import {
  assertNotDenied,
  assertState,
  readCallbackParameters,
} from "../../src/authorization/callback-parameters.ts";
import {
  AuthorizationCallbackError,
  AuthorizationDeniedError,
  StateMismatchError,
} from "../../src/errors.ts";

function read(callback: string, part: "query" | "fragment"): Record<string, string> {
  return Object.fromEntries(readCallbackParameters(callback, part, ["a"]));
}

describe("readCallbackParameters()", () => {
  it.each([
    ["https://app.test/x?a=1#a=2", { a: "1" }, { a: "2" }],
    ["https://app.test/x=y?a=1", { a: "1" }, {}],
    ["https://app.test/x", {}, {}],
    ["/x#a=2?b", {}, { a: "2?b" }],
    ["?a=1#a=2", { a: "1" }, { a: "2" }],
    ["a=1?b", { a: "1?b" }, { a: "1?b" }],
    ["#a=2", {}, { a: "2" }],
    ["", {}, {}],
    ["callback?a=1", { a: "1" }, { "callback?a": "1" }],
    ["x1:callback?y?a=1", { "y?a": "1" }, {}],
  ])("finds query and fragment in %j", (callback, query, fragment) => {
    expect(read(callback, "query")).toEqual(query);
    expect(read(callback, "fragment")).toEqual(fragment);
  });

  it("refuses a parameter twice only if it must be single", () => {
    expect(() => read("a=1&a=1", "query")).toThrow(AuthorizationCallbackError);
    expect(() => read("a=1&a=1", "query")).toThrow('The callback has more than one "a".');
    expect(read("a=1&b=2&b=3", "query")).toEqual({ a: "1", b: "3" });
  });

  it("refuses a callback longer than 16 kB before it looks at it", () => {
    expect(read("a=".padEnd(16_384, "x"), "query")).toHaveProperty("a");
    expect(() => read("a=".padEnd(16_385, "x"), "query")).toThrow(AuthorizationCallbackError);
    expect(() => read("a=".padEnd(16_385, "x"), "query")).toThrow("too long to be one");
  });
});

describe("assertState()", () => {
  it("passes the very state alone", () => {
    assertState(new URLSearchParams("state=abc"), "abc");
    for (const query of ["state=abd", "state=ABC", "state=", "", "State=abc"]) {
      expect(() => assertState(new URLSearchParams(query), "abc")).toThrow(StateMismatchError);
      expect(() => assertState(new URLSearchParams(query), "abc")).toThrow("Start the sign-in again.");
    }
  });
});

describe("assertNotDenied()", () => {
  it("passes a callback without an error", () => {
    expect(() => assertNotDenied(new URLSearchParams("error_description=x"), [])).not.toThrow();
  });

  it.each([
    ["error=access_denied", "The authorization was not granted (access_denied)."],
    ["error=", "The authorization was not granted (no reason given)."],
  ])("says that it was not granted, and why if it knows: %s", (query, message) => {
    expect(() => assertNotDenied(new URLSearchParams(query), [])).toThrow(message);
  });

  it("repeats the server's words without the secrets in them", () => {
    const denied = new URLSearchParams({
      error: "denied\r\nhunter2",
      error_description: "no hunter2 for you",
    });
    expect(() => assertNotDenied(denied, ["hunter2"])).toThrow(AuthorizationDeniedError);
    expect(() => assertNotDenied(denied, ["hunter2"])).toThrow(
      expect.objectContaining({ oauthError: "denied [redacted]", description: "no [redacted] for you" }),
    );
  });
});
