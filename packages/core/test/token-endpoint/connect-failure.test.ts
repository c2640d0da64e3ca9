import { describe, expect, it } from "vitest";
import { connectFailureCode } from "../../src/token-endpoint/connect-failure.ts";
import { nodeFetchError } from "../fake-fetch.ts";

describe("connectFailureCode()", () => {
  it.each([
    "ECONNREFUSED",
    "ConnectionRefused",
    "ENOTFOUND",
    "EAI_AGAIN",
    "UND_ERR_CONNECT_TIMEOUT",
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_WRONG_VERSION_NUMBER",
  ])("knows that %s comes before anything is sent", (code) => {
    expect(connectFailureCode(nodeFetchError(code))).toBe(code);
  });

  it.each([
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "UND_ERR_SOCKET",
    "UND_ERR_HEADERS_TIMEOUT",
    "ABORT_ERR",
    "",
  ])("does not conclude that from %j", (code) => {
    expect(connectFailureCode(nodeFetchError(code))).toBeUndefined();
  });

  it.each(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET"])(
    "believes %s when connecting failed",
    (code) => {
      expect(connectFailureCode(nodeFetchError(code, { syscall: "connect" }))).toBe(code);
      expect(connectFailureCode(nodeFetchError(code, { syscall: "read" }))).toBeUndefined();
    },
  );

  it("believes an error about several addresses when all of them failed to connect", () => {
    const failed = (syscall: string): Error => Object.assign(new Error("x"), { code: "ETIMEDOUT", syscall });
    const all = (errors: Error[]): Error =>
      new TypeError("fetch failed", {
        cause: Object.assign(new AggregateError(errors), { code: "ETIMEDOUT" }),
      });
    expect(connectFailureCode(all([failed("connect"), failed("connect")]))).toBe("ETIMEDOUT");
    expect(connectFailureCode(all([failed("connect"), failed("read")]))).toBeUndefined();
    expect(connectFailureCode(all([]))).toBeUndefined();
  });

  it("follows causes, but not in circles", () => {
    const refused = nodeFetchError("ECONNREFUSED");
    expect(connectFailureCode(new Error("outer", { cause: refused }))).toBe("ECONNREFUSED");
    const circle = new Error("circle");
    circle.cause = circle;
    expect(connectFailureCode(circle)).toBeUndefined();
  });

  it.each([undefined, null, "ECONNREFUSED", { code: "ECONNREFUSED" }, new TypeError("Failed to fetch")])(
    "knows nothing about %j",
    (error) => {
      expect(connectFailureCode(error)).toBeUndefined();
    },
  );
});
