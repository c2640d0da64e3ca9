import { InvalidOptionsError } from "../../src/errors.ts";
import { assertSafeUrl, isSafeAddress } from "../../src/token-endpoint/request.ts";
import { describe, expect, it } from "vitest";

describe("assertSafeUrl()", () => {
  it.each([
    "https://bitbucket.org/site/oauth2/access_token",
    "HTTPS://bitbucket.org",
    "http://localhost:3000/token",
    "http://LOCALHOST/token",
    "http://127.0.0.1:80/token",
    "http://127.9.8.7/token",
    "http://127.1/token",
    "http://[::1]:8080/token",
    "http://[0:0:0:0:0:0:0:1]/token",
  ])("lets %s pass", (url) => {
    expect(assertSafeUrl(url, "tokenUrl")).toEqual(new URL(url));
  });

  it.each([
    "http://bitbucket.org",
    "http://127.0.0.1.evil.test",
    "http://localhost.evil.test",
    "http://evil.test/localhost",
    "http://evil-localhost",
    "http://evil.localhost",
    "http://evil-127.0.0.1",
    "http://evil.test#localhost",
    "http://localhost@evil.test",
    "http://128.0.0.1",
    "http://0.0.0.0",
    "http://[::2]",
    "http://[::ffff:127.0.0.1]",
    "http://10.0.0.1",
    "ws://localhost",
    "ftp://localhost",
    "file:///etc/passwd",
    "data:text/plain,x",
    "https://user@bitbucket.org",
    "https://user:password@bitbucket.org",
    "http://:password@localhost",
    "//bitbucket.org",
    "bitbucket.org",
    "/token",
    "https://",
    "",
  ])("refuses %j", (url) => {
    expect(() => assertSafeUrl(url, "tokenUrl")).toThrow(InvalidOptionsError);
  });

  it("names the option and does not repeat the URL", () => {
    for (const url of ["http://user:hunter2@evil.test", "https://user:hunter2@evil.test", "hunter2"]) {
      expect(() => assertSafeUrl(url, "endpoints.tokenUrl")).toThrow(/^endpoints\.tokenUrl (?!.*hunter2)/);
    }
  });
});

describe("isSafeAddress()", () => {
  it("judges a URL as assertSafeUrl() does, and says whose argument is none", () => {
    const urls = ["https://bitbucket.org", "http://127.0.0.1:8080", "http://bitbucket.org"];
    expect(urls.map((url) => isSafeAddress(new URL(url)))).toEqual([true, true, false]);
    expect(() => Reflect.apply(isSafeAddress, undefined, [])).toThrow(/^The argument of isSafeAddress\(\) /);
  });
});
