import { describe, expect, it } from "vitest";
import { connectFailureAdvice, connectFailureCode } from "../../src/token-endpoint/http.ts";
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
    "HOSTNAME_MISMATCH",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
    "ERR_PROXY_TUNNEL",
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
    "UND_ERR_ABORTED",
    "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC",
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

  it("knows a proxy that opens no connection by undici's words, not by its code", () => {
    const refused = (message: string): Error =>
      new TypeError("fetch failed", {
        cause: new Error("Request was cancelled.", {
          cause: Object.assign(new Error(message), { code: "UND_ERR_ABORTED" }),
        }),
      });
    expect(connectFailureCode(refused("Proxy response (407) !== 200 when HTTP Tunneling"))).toBe(
      "the proxy answered 407",
    );
    expect(connectFailureCode(refused("Proxy response (Bearer x)"))).toBeUndefined();
  });

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

  it("follows five links of a chain of causes, and takes what has a stack for an error, whatever made it", () => {
    const chain = (links: number): unknown =>
      links === 0 ? nodeFetchError("ECONNREFUSED").cause : new Error("outer", { cause: chain(links - 1) });
    expect([connectFailureCode(chain(4)), connectFailureCode(chain(5))]).toEqual(["ECONNREFUSED", undefined]);
    expect(connectFailureCode({ stack: "Error: x", code: "ENOTFOUND" })).toBe("ENOTFOUND");
    const withoutStack = Object.assign(new Error("x"), { code: "ENOTFOUND", stack: undefined });
    expect(connectFailureCode(withoutStack)).toBe("ENOTFOUND");
    expect(connectFailureCode({ stack: 7, code: "ENOTFOUND" })).toBeUndefined();
    expect(connectFailureCode(Object.assign(new Error("x"), { code: 7 }))).toBeUndefined();
    const lone = Object.assign(new Error("x"), { code: "ETIMEDOUT", errors: "none" });
    expect(connectFailureCode(lone)).toBeUndefined();
  });

  it.each([undefined, null, "ECONNREFUSED", { code: "ECONNREFUSED" }, new TypeError("Failed to fetch")])(
    "knows nothing about %j",
    (error) => {
      expect(connectFailureCode(error)).toBeUndefined();
    },
  );
});

describe("connectFailureAdvice()", () => {
  it.each([
    ["CERT_HAS_EXPIRED", /check this machine's clock/],
    ["CRL_NOT_YET_VALID", /check this machine's clock/],
    ["CERT_HAS_EXPIRED_OR_SO", /NODE_EXTRA_CA_CERTS/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", /issued for another host/],
    ["SELF_SIGNED_CERT_IN_CHAIN", /NODE_EXTRA_CA_CERTS/],
    ["the proxy answered 407", /HTTPS_PROXY=/],
  ])("about %s", (reason, advice) => {
    expect(connectFailureAdvice(reason)?.[1]).toMatch(advice);
  });

  it.each(["ECONNREFUSED", "the proxy answered 502"])("is none about %s, which passes", (reason) => {
    expect(connectFailureAdvice(reason)).toBeUndefined();
  });
});
