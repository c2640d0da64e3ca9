import { describe, expect, it } from "vitest";
import { createApiProxy } from "../src/proxy.js";
import { readApiPath } from "../src/proxy-rules.js";
import { fromRequest } from "../src/exchange.js";
import { createWorld } from "@bitbucket-auth/web-suite/sample.js";

describe("createApiProxy()", () => {
  it.each([
    ["a read", { method: "GET" }],
    ["a small write", { method: "POST", body: "{}" }],
    ["a large write", { method: "POST", body: "x".repeat(100_000) }],
  ])("sends nothing for %s whose page has gone before it was known whose it is", async (_what, init) => {
    const sent: unknown[] = [];
    const fetchAsUser = async (input: unknown): Promise<Response> => Response.json(sent.push(input));
    const auth = { ...createWorld().auth, fetchFor: () => fetchAsUser };
    const forward = createApiProxy({ auth, baseUrl: undefined, prefix: "/api" });
    const headers = { "sec-fetch-site": "same-origin" };
    const request = new Request("http://app.example/api/2.0/x", {
      ...init,
      headers,
      signal: AbortSignal.abort(),
    });
    expect(await forward(fromRequest(request), "/api/2.0/x", { account: "alice" })).toBeUndefined();
    expect(sent).toEqual([]);
  });
});

describe("readApiPath()", () => {
  const comparison =
    "/2.0/repositories/acme/website/diff/acme/website:ee29727266d0%0D8c26574ba5fb?topic=true";

  it.each([
    comparison,
    comparison.replace("/diff/", "/diffstat/"),
    comparison.replace("/diff/", "/patch/").replace("%0D", "%0d"),
    "/2.0/repositories/%7Bacme%7D/%7Bwebsite%7D/diff/feature%2Fx%0Dmain",
  ])("passes what Bitbucket's own links hold: %s", (path) => {
    expect(readApiPath(`/api${path}`, "/api")).toBe(path);
  });

  it.each([
    "/2.0/repositories/acme/website/src/main/a%0Db",
    "/2.0/repositories/acme/website/diff/a%0Ab",
    "/2.0/repositories/acme/website/diff/a%0D%0Ab",
    "/2.0/repositories/acme/website/diff/a%0Db%0Dc",
    "/2.0/repositories/acme/website/diff/a%250Db",
    "/2.0/repositories/acme/website/diff/a/.%0D./b",
    "/2.0/user%0Dx",
    "/1.0/user",
    "/2.0/../internal",
  ])("refuses %s", (path) => {
    expect(() => readApiPath(`/api${path}`, "/api")).toThrow(
      expect.objectContaining({ code: "proxy_refused" }),
    );
  });
});
