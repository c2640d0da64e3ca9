import { describe, expect, it } from "vitest";
import { readApiAddress, resolveApiTarget } from "../../src/api/api-target.ts";
import { ForeignOriginError } from "../../src/errors.ts";
import { apiUrl } from "./api-under-test.ts";
import { isAtHome, urlTricks } from "./url-tricks.ts";

const api = new URL(apiUrl);

describe("resolveApiTarget()", () => {
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
    expect(resolveApiTarget(input, api).href).toBe(url);
  });

  it("takes a URL and a Request of the API", () => {
    expect(resolveApiTarget(new URL("/2.0/user", api), api).href).toBe("https://api.bitbucket.org/2.0/user");
    expect(resolveApiTarget(new Request("https://api.bitbucket.org/2.0/user"), api).href).toBe(
      "https://api.bitbucket.org/2.0/user",
    );
  });

  it("keeps to the port of an API on another one", () => {
    const local = new URL("http://127.0.0.1:4010");
    expect(resolveApiTarget("/2.0/user", local).href).toBe("http://127.0.0.1:4010/2.0/user");
    expect(() => resolveApiTarget("http://127.0.0.1:4011/2.0/user", local)).toThrow(ForeignOriginError);
    expect(() => resolveApiTarget("https://127.0.0.1:4010/2.0/user", local)).toThrow(ForeignOriginError);
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
    expect(() => resolveApiTarget(input, api)).toThrow(ForeignOriginError);
  });

  it("refuses a blob: URL, whose origin is that of the URL inside it", () => {
    const blob = new URL("blob:https://api.bitbucket.org/2.0/user");
    expect(blob.origin).toBe(api.origin);
    expect(() => resolveApiTarget(blob, api)).toThrow(ForeignOriginError);
  });

  it("refuses each trick that a URL parser resolves elsewhere", () => {
    const accepted = urlTricks.filter((trick) => isAccepted(trick));
    expect(accepted.filter((trick) => !isAtHome(trick))).toEqual([]);
    expect(urlTricks.length - accepted.length).toBeGreaterThanOrEqual(200);
  });

  it("sends what it takes to the API and nowhere else", () => {
    const accepted = urlTricks.filter((trick) => isAccepted(trick));
    expect(
      accepted.map((trick) => resolveApiTarget(trick, api)).filter(({ href }) => !isAtHome(href)),
    ).toEqual([]);
  });

  it("names the host it refuses, and neither path, query nor user", () => {
    expect(() =>
      resolveApiTarget("https://hidden-user:hidden-pw@evil.example:8443/hidden-path?token=hidden-query", api),
    ).toThrow(/^(?!.*hidden).*https:\/\/…@evil\.example:8443 /);
  });
});

describe("readApiAddress()", () => {
  it("answers what resolveApiTarget() answers, and nothing where that throws", () => {
    for (const trick of [...urlTricks, "/2.0/user", `${apiUrl}/2.0/user?page=2`]) {
      expect(readApiAddress(trick, api)?.href).toBe(
        isAccepted(trick) ? resolveApiTarget(trick, api).href : undefined,
      );
    }
  });
});

function isAccepted(input: string): boolean {
  try {
    return resolveApiTarget(input, api) instanceof URL;
  } catch (error) {
    if (error instanceof ForeignOriginError) return false;
    throw error;
  }
}
