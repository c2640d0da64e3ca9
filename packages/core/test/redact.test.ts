import { createRedactor } from "../src/redact.ts";
import { describe, expect, it } from "vitest";

const redact = createRedactor();

describe("createRedactor()", () => {
  it("takes a secret out, wherever and however often it stands", () => {
    expect(createRedactor(["hunter2"])("hunter2 is not xhunter2x")).toBe("[redacted] is not x[redacted]x");
  });

  it.each([
    ["in base64", (secret: string) => Buffer.from(secret).toString("base64")],
    ["in base64url", (secret: string) => Buffer.from(secret).toString("base64url")],
    ["percent-encoded", encodeURIComponent],
    ["form-encoded", (secret: string) => new URLSearchParams({ a: secret }).toString().slice(2)],
    ["with its spaces still encoded", (secret: string) => secret.replaceAll(" ", "+")],
    ["with its pluses taken for spaces", (secret: string) => secret.replaceAll("+", " ")],
    ["in JSON", (secret: string) => JSON.stringify(secret).slice(1, -1)],
  ])("takes a secret out that is spelt %s", (_title, spell) => {
    const secret = 'a "ü" + b?>';
    const said = createRedactor([secret])(`[${spell(secret)}]`);
    // What base64 pads with may stay.
    expect(said.replace(/=+\]$/, "]")).toBe("[[redacted]]");
  });

  it("leaves nothing of the longer of two secrets that begin alike", () => {
    expect(createRedactor(["abc", "abcdef"])("x abcdef y abc z")).toBe("x [redacted] y [redacted] z");
  });

  it("takes a secret for text, not for a pattern", () => {
    expect(createRedactor(["a.c", "(", "[x-"])("abc a.c ( [x-")).toBe("abc [redacted] [redacted] [redacted]");
  });

  it("does without an empty secret", () => {
    expect(createRedactor([""])("as it was")).toBe("as it was");
  });

  it.each([
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "XwDdnmBedJ9TuF4hjq",
    "ATCTT3xFfGN0abcdefghijklmnop=ABCDEF12",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst",
    "x9".repeat(1_300),
  ])("takes out what looks like a token: %s", (token) => {
    expect(redact(`Got "${token}", sorry`)).toBe('Got "[redacted]", sorry');
  });

  it.each([
    "Invalid OAuth client credentials",
    "Unsupported grant type: None",
    "No callback uri defined for the OAuth client.",
    'Cannot use client_credentials with a consumer marked as "public". Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.',
    "See https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770",
    "Token is invalid, expired, or not supported for this endpoint.",
    "unauthorized_client",
    "temporarily_unavailable",
  ])("leaves Bitbucket's own words alone: %s", (words) => {
    expect(redact(words)).toBe(words);
  });

  it("makes one line of many, with nothing in it that steers a terminal", () => {
    expect(redact("a\r\nb\u001b[31mc\u0085d\u2028e\u202ef\u200bg\u0000")).toBe("a b [31mc d e f g");
  });

  it("keeps text to a sane length", () => {
    expect(redact("a b ".repeat(1_000))).toHaveLength(301);
    expect(redact("a b ".repeat(1_000)).endsWith("…")).toBe(true);
    expect(redact(`${"a ".repeat(149)}a😀`)).toBe(`${"a ".repeat(149)}a…`);
  });

  it("cuts text only when the secrets are out of it", () => {
    const secret = "correct horse battery staple";
    const said = createRedactor([secret])(`${"a ".repeat(140)}${secret}`);
    expect(said).not.toContain("correct");
  });

  it("takes a secret out that has a control character in it, or that one was put into", () => {
    expect(createRedactor(["correct\u200bhorse"])("it is correct\u200bhorse")).toBe("it is [redacted]");
    expect(createRedactor(["correct horse"])("it is correct\nhorse")).toBe("it is [redacted]");
  });
});
