import { createRedactor } from "../../src/redact.ts";
import { readTokenAnswer, type GrantType } from "../../src/token-endpoint/answer.ts";
import type { WireResponse } from "../../src/token-endpoint/request.ts";
import { tokenBody } from "../fake-fetch.ts";
import { tokenErrors } from "../fixtures/token-errors.ts";
import { describe, expect, it } from "vitest";

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
    expect(message).toMatch(/^The token endpoint gave an answer that is no token response: /);
    expect(message).not.toContain("redirect");
  });

  it.each([
    [429, "", "is too busy (429). Try again later."],
    [503, "", "is too busy (503). Try again later."],
    [500, "", "failed (500). Try again."],
    [400, `{"error":"invalid_grant"}`, "(invalid_grant). The user has to sign in again."],
    [400, `{"error":"unauthorized_client"}`, "grant revoked, wrong client secret, temporary lockout"],
    [400, `{"error":"invalid_request"}`, "(400, invalid_request). Check the consumer's key"],
    [
      403,
      "<html>",
      "answered 403 without an OAuth error, as a proxy or a maintenance page does. The grant is kept",
    ],
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
      "ambiguous",
    );
  });

  it("names the host in every message", () => {
    const host = "bitbucket.test:7990";
    const answers = [
      { ...wireResponse(502, ""), host },
      { ...wireResponse(400, `{"error":"invalid_grant"}`), host },
      { ...wireResponse(200, "[]"), host },
      { kind: "lost", reason: "timeout", startedAt: 0, host },
      { kind: "unsent", reason: "ECONNREFUSED", startedAt: 0, host },
    ] as const;
    for (const answer of answers)
      expect(errorOf(readTokenAnswer(answer, "refresh_token")).message).toContain(host);
  });

  it.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "NODE_EXTRA_CA_CERTS"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
    ["CERT_HAS_EXPIRED", "check this machine's clock"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "issued for another host"],
  ])("calls a certificate that is not trusted a matter of configuration (%s)", (reason, advice) => {
    const answer = readTokenAnswer({ kind: "unsent", reason, startedAt: 0 }, "refresh_token");
    expect(answer.kind).toBe("misconfigured");
    expect(errorOf(answer)).toMatchObject({ transient: false, action: "fix_config" });
    expect(errorOf(answer).message).toContain(reason);
    expect(errorOf(answer).message).toContain(advice);
  });

  it("calls a proxy that wants a password a matter of configuration, and every other refusal one that passes", () => {
    const proxied = (status: number) =>
      readTokenAnswer(
        { kind: "unsent", reason: `the proxy answered ${status}`, startedAt: 0 },
        "refresh_token",
      );
    expect(errorOf(proxied(407))).toMatchObject({ transient: false, action: "fix_config" });
    expect(errorOf(proxied(407)).message).toContain("wants a user name and a password (407)");
    expect(proxied(503).kind).toBe("unsent");
    expect(errorOf(proxied(503)).message).toContain("could not be reached (the proxy answered 503)");
  });

  it.each(["server_error", "temporarily_unavailable"])(
    "takes %s for something that passes, whatever the status",
    (error) => {
      for (const grant of ["refresh_token", "client_credentials"] as const) {
        const answer = readTokenAnswer(wireResponse(400, JSON.stringify({ error })), grant);
        expect(answer.kind).toBe("ambiguous");
        expect(errorOf(answer)).toMatchObject({ oauthError: error, transient: true, action: "retry" });
      }
    },
  );

  it.each([404, 405, 410])("blames the address where the API's own %i comes back", (status) => {
    const body = '{"type":"error","error":{"message":"Resource not found"}}';
    const answer = readTokenAnswer(wireResponse(status, body), "refresh_token");
    expect(errorOf(answer)).toMatchObject({ action: "fix_config", description: "Resource not found" });
    expect(errorOf(answer).message).toContain("Check `endpoints.tokenUrl`");
  });

  it("keeps the words of an error that comes with status 200", () => {
    const body = '{"error":"invalid_grant","error_description":"Invalid refresh_token"}';
    const answer = readTokenAnswer(wireResponse(200, body), "refresh_token");
    expect(answer.kind).toBe("ambiguous");
    expect(errorOf(answer)).toMatchObject({
      oauthError: "invalid_grant",
      description: "Invalid refresh_token",
    });
    expect(errorOf(answer).message).toContain(
      "an error field with status 200 (invalid_grant: Invalid refresh_token).",
    );
  });

  it("does not call an exception of code a lost answer", () => {
    const unreadable = readTokenAnswer(
      { kind: "unreadable", reason: "TypeError", startedAt: 0 },
      "refresh_token",
    );
    expect(unreadable.kind).toBe("ambiguous");
    expect(errorOf(unreadable)).toMatchObject({ code: "token_response_invalid" });
    const broken = readTokenAnswer({ kind: "broken", reason: "TypeError", startedAt: 0 }, "refresh_token");
    expect(broken.kind).toBe("misconfigured");
  });

  it("tells what to use instead of the password grant", () => {
    const answer = readTokenAnswer(wireResponse(400, `{"error":"unsupported_grant_type"}`), "password");
    expect(errorOf(answer).message).toContain("no longer supports the password grant");
  });
});

describe("readTokenAnswer() says what to do", () => {
  const refused = JSON.stringify({ error: "invalid_client", error_description: "Invalid client" });

  it.each<readonly [GrantType, RegExp]>([
    ["authorization_code", /\(400, Invalid client\)\. Check the consumer's key, secret and callback URL\.$/],
    ["refresh_token", /Check the consumer's key, secret and callback URL\.$/],
    ["client_credentials", /callback URL\. It must be a private consumer\.$/],
    ["urn:bitbucket:oauth2:jwt", /Check the Connect app's JWT\.$/],
    ["password", /no longer supports the password grant: use an authorization code/],
  ])("about a refused request by %s", (grant, expected) => {
    expect(errorOf(readTokenAnswer(wireResponse(400, refused), grant)).message).toMatch(expected);
  });

  it("about a refusal that names no reason", () => {
    const body = JSON.stringify({ error: "invalid_client" });
    expect(errorOf(readTokenAnswer(wireResponse(400, body), "client_credentials")).message).toContain(
      "(400, invalid_client)",
    );
  });

  it.each([
    [400, { error: "server_error" }, "ambiguous", /failed \(400, server_error\)\. Try again\.$/],
    [400, { error: "slow_down" }, "ambiguous", /failed \(400, slow_down\)/],
    [400, { error: "a_server_error" }, "misconfigured", /refused the request/],
    [400, { error: "server_error_of_ours" }, "misconfigured", /refused the request/],
    [
      404,
      { error: { message: "Resource not found" } },
      "misconfigured",
      /no such address \(404, Resource not found\)/,
    ],
    [404, { error: "invalid_client" }, "misconfigured", /refused the request/],
    [400, { error: { message: "Bad request" } }, "misconfigured", /refused the request \(400, Bad request\)/],
  ])("about %d with %j", (status, body, kind, message) => {
    const answer = readTokenAnswer(wireResponse(status, JSON.stringify(body)), "refresh_token");
    expect(answer.kind).toBe(kind);
    expect(errorOf(answer).message).toMatch(message);
    expect(errorOf(answer).message).toContain(kind === "misconfigured" ? "heck" : "Try again");
  });

  it("about an answer that could not be read, which is not asked for again", () => {
    const answer = readTokenAnswer(
      { kind: "unreadable", reason: "TypeError", startedAt: 0 },
      "refresh_token",
    );
    expect(answer.kind).toBe("ambiguous");
    expect(errorOf(answer)).toMatchObject({
      code: "token_response_invalid",
      message: expect.stringMatching(
        /threw \(TypeError\)\. The request is not repeated; check the `fetch` option\.$/,
      ),
    });
  });

  it("about a page in place of an answer, and takes no word from one that was too large to read", () => {
    const page = readTokenAnswer(wireResponse(403, "<html>", { contentType: "text/html" }), "refresh_token");
    expect(errorOf(page).message).toMatch(/If it lasts, check `endpoints\.tokenUrl` and what stands between/);
    const body = JSON.stringify({ error: "invalid_grant" });
    const large = readTokenAnswer(wireResponse(400, body, { bodyTooLarge: true }), "refresh_token");
    expect(large.kind).toBe("ambiguous");
    expect(errorOf(large)).not.toHaveProperty("description");
  });

  it.each([
    [0, true],
    [204, false],
    [299, false],
    [302, true],
    [400, false],
  ])("about an answer with status %d and no body, which is a redirect: %j", (status, isRedirect) => {
    const { message } = errorOf(readTokenAnswer(wireResponse(status, ""), "refresh_token"));
    expect(message.includes("a redirect, which is not followed")).toBe(isRedirect);
  });

  it("with what Bitbucket said about a success that holds no tokens, and nothing where it said nothing", () => {
    const said = readTokenAnswer(
      wireResponse(200, JSON.stringify({ error: "access_denied" })),
      "refresh_token",
    );
    expect(errorOf(said).message).toMatch(/ \(access_denied\)\.$/);
    const silent = readTokenAnswer(wireResponse(200, "{}"), "refresh_token");
    expect(errorOf(silent).message).not.toMatch(/\(\)|undefined|: \)/);
  });
});
