import { describe, expect, it } from "vitest";
import { profiles } from "../src/profiles.ts";
import { isRegisteredCallback } from "../src/redirect-uri.ts";

const exact = profiles["cloud-2026"];
const prefix = { ...exact, redirectUri: "prefix" } as const;

describe("isRegisteredCallback()", () => {
  it.each([
    ["https://app.example/cb", "https://app.example/cb", true],
    ["https://app.example/cb", "https://app.example/cb/", false],
    ["https://app.example/cb", "https://app.example/cb?x=1", false],
    ["https://app.example/cb", "http://app.example/cb", false],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true],
    ["http://localhost:34106/", "http://localhost:1/", true],
    ["http://[::1]/cb", "http://[::1]:9/cb", true],
    ["http://127.0.0.1/cb", "http://localhost:49152/cb", false],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/other", false],
    ["https://app.example/cb", "https://app.example:8443/cb", false],
    ["https://app.example/cb", "not an address", false],
  ])("for %s says of %s: %s", (callbackUrl, sent, registered) => {
    expect(isRegisteredCallback(exact, callbackUrl, sent)).toBe(registered);
  });

  it.each([
    ["https://app.example/cb", "https://app.example/cb/more", true],
    ["https://app.example/cb", "https://app.example/cb?x=1", true],
    ["https://app.example/", "https://app.example/more", true],
    ["https://app.example/cb", "https://app.example/cbx", false],
    ["https://app.example", "https://app.example.evil.example/", false],
  ])("by the prefix rule for %s says of %s: %s", (callbackUrl, sent, registered) => {
    expect(isRegisteredCallback(prefix, callbackUrl, sent)).toBe(registered);
  });

  it("holds the loopback port to the registered one where the profile says so", () => {
    const strict = { ...exact, loopbackPort: "exact" } as const;
    expect(isRegisteredCallback(strict, "http://127.0.0.1/cb", "http://127.0.0.1:9/cb")).toBe(false);
  });
});
