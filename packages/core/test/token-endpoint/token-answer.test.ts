import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/redact.ts";
import { readTokenAnswer, type GrantType } from "../../src/token-endpoint/token-answer.ts";
import type { WireResponse } from "../../src/token-endpoint/token-request.ts";
import { tokenBody } from "../fake-fetch.ts";
import { tokenErrors } from "../fixtures/token-errors.ts";

const grants: readonly GrantType[] = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  "urn:bitbucket:oauth2:jwt",
  "password",
];

function wireResponse(status: number, body: string, extra: Partial<WireResponse> = {}): WireResponse {
  return {
    kind: "answered",
    status,
    contentType: "application/json",
    body,
    bodyTooLarge: false,
    startedAt: 1_000,
    ...extra,
  };
}

function errorOf(answer: ReturnType<typeof readTokenAnswer>): Error & { readonly code: string } {
  if (answer.kind === "tokens") throw new Error("tokens, where an error was expected");
  return answer.error;
}

describe("readTokenAnswer()", () => {
  it.each(tokenErrors)("knows $title ($status)", ({ grant, status, contentType, body, expected }) => {
    const answer = readTokenAnswer(wireResponse(status, body, { contentType }), grant);
    const { kind, ...facts } = expected;
    expect(answer.kind).toBe(kind);
    expect(errorOf(answer)).toMatchObject({ ...facts, status });
  });

  it.each(grants)("finds the tokens in a success (%s)", (grant) => {
    const answer = readTokenAnswer(wireResponse(200, JSON.stringify(tokenBody())), grant);
    expect(answer).toMatchObject({
      kind: "tokens",
      response: { accessToken: "access-1", refreshToken: "refresh-1" },
    });
  });

  it.each(grants)("calls a request that never left unsent (%s)", (grant) => {
    const answer = readTokenAnswer({ kind: "unsent", reason: "ECONNREFUSED", startedAt: 0 }, grant);
    expect(answer.kind).toBe("unsent");
    expect(errorOf(answer)).toMatchObject({ code: "token_request_failed", transient: true });
    expect(errorOf(answer).message).toContain("ECONNREFUSED");
  });

  it.each(["timeout", "aborted", "network"] as const)("calls a lost answer ambiguous (%s)", (reason) => {
    const answer = readTokenAnswer({ kind: "lost", reason, startedAt: 0 }, "refresh_token");
    expect(answer.kind).toBe("ambiguous");
    expect(errorOf(answer).code).toBe("token_request_failed");
  });

  it.each([0, 201, 204, 301, 302, 303, 307, 308, 399])(
    "does not take status %d for a token response",
    (status) => {
      const answer = readTokenAnswer(wireResponse(status, JSON.stringify(tokenBody())), "refresh_token");
      expect(answer.kind).toBe("ambiguous");
      expect(errorOf(answer)).toMatchObject({ code: "token_response_invalid", status });
    },
  );

  it("says of a redirect that it was one", () => {
    expect(errorOf(readTokenAnswer(wireResponse(302, ""), "refresh_token")).message).toContain("redirect");
    expect(errorOf(readTokenAnswer(wireResponse(0, ""), "refresh_token")).message).toContain("redirect");
    expect(errorOf(readTokenAnswer(wireResponse(300, ""), "refresh_token")).message).toContain("redirect");
  });

  it.each([200, 204, 299])("says of status %d what else is wrong with it", (status) => {
    const { message } = errorOf(readTokenAnswer(wireResponse(status, "[]"), "refresh_token"));
    expect(message).toMatch(/^The token endpoint's answer is not a token response: /);
    expect(message).not.toContain("redirect");
  });

  it.each([
    [429, "", "is too busy (429). Try again later."],
    [503, "", "is too busy (503). Try again later."],
    [500, "", "failed (500). Try again."],
    [400, `{"error":"invalid_grant"}`, "The user has to sign in again."],
    [400, `{"error":"unauthorized_client"}`, "unless the consumer's secret is wrong"],
    [400, "", "(400, no reason given). Check the consumer's key"],
  ])("says what to do about %d %s", (status, body, words) => {
    expect(errorOf(readTokenAnswer(wireResponse(status, body), "refresh_token")).message).toContain(words);
  });

  it("says of a spent code that the sign-in has to start again", () => {
    const answer = readTokenAnswer(wireResponse(400, `{"error":"invalid_grant"}`), "authorization_code");
    expect(errorOf(answer).message).toContain("start the sign-in again");
  });

  it.each([
    ["invalid_scope", "Invalid refresh_token", "misconfigured"],
    ["invalid_request", "This is no invalid refresh_token", "misconfigured"],
    ["invalid_request", "Invalid refresh token", "dead"],
    ["invalid_grant", "Not an unsupported grant type", "dead"],
  ])("takes %s with the words %j to be %s", (error, description, kind) => {
    const body = JSON.stringify({ error, error_description: description });
    expect(readTokenAnswer(wireResponse(400, body), "refresh_token").kind).toBe(kind);
  });

  it("passes on how long to wait, and until when", () => {
    const answer = readTokenAnswer(wireResponse(429, "", { retryAfterMs: 30_000 }), "refresh_token");
    expect(answer).toMatchObject({ kind: "not_redeemed", retryAfterMs: 30_000, error: { retryAt: 31_000 } });
  });

  it("promises no time when the server named none", () => {
    expect(readTokenAnswer(wireResponse(429, ""), "refresh_token")).not.toHaveProperty("retryAfterMs");
    expect(errorOf(readTokenAnswer(wireResponse(429, ""), "refresh_token"))).not.toHaveProperty("retryAt");
  });

  it("keeps Bitbucket's code and words", () => {
    const body = `{"error": "invalid_request", "error_description": "No callback uri defined for the OAuth client."}`;
    expect(errorOf(readTokenAnswer(wireResponse(400, body), "client_credentials"))).toMatchObject({
      oauthError: "invalid_request",
      description: "No callback uri defined for the OAuth client.",
      status: 400,
    });
  });

  it.each(["error", "error_description"])("takes what was sent out of the words it keeps (%s)", (field) => {
    const body = JSON.stringify({ error: "invalid_request", [field]: "no such thing as hunter2!" });
    const redact = createRedactor(["hunter2!"]);
    const error = errorOf(readTokenAnswer(wireResponse(400, body, { redact }), "refresh_token"));
    expect(JSON.stringify([error, error.message])).not.toContain("hunter2");
    expect(error.message).toContain("no such thing as [redacted]");
  });

  it("does not trust the words of an answer that was cut off", () => {
    const body = `{"error":"invalid_grant"}`;
    expect(readTokenAnswer(wireResponse(400, body, { bodyTooLarge: true }), "refresh_token").kind).toBe(
      "misconfigured",
    );
  });

  it("tells what to use instead of the password grant", () => {
    const answer = readTokenAnswer(wireResponse(400, `{"error":"unsupported_grant_type"}`), "password");
    expect(errorOf(answer).message).toContain("no longer supports the password grant");
  });
});
