import { readTokenResponse, tokenSetFrom } from "../../src/token-endpoint/response.ts";
import { tokenBody } from "../fake-fetch.ts";
import { tokenAnswer } from "./token-body-fuzz.ts";
import { describe, expect, it } from "vitest";

function read(
  body: string,
  extra: Parameters<typeof tokenAnswer>[1] = {},
): ReturnType<typeof readTokenResponse> {
  return readTokenResponse(tokenAnswer(body, extra));
}

function readFields(overrides: Readonly<Record<string, unknown>>): ReturnType<typeof readTokenResponse> {
  return read(JSON.stringify(tokenBody(overrides)));
}

const good = JSON.stringify(tokenBody());

describe("readTokenResponse()", () => {
  it("reads Bitbucket's answer of 2026", () => {
    expect(read(good, { serverTime: 5 })).toEqual({
      ok: true,
      response: {
        accessToken: "access-1",
        refreshToken: "refresh-1",
        lifetimeMs: 7_200_000,
        scope: "account repository",
        tokenType: "bearer",
        startedAt: 1_000_000,
        serverTime: 5,
      },
    });
  });

  it("reads Bitbucket's answer of before", () => {
    const body = `{"scopes": "pullrequest:write team:write", "access_token": "a=", "expires_in": 7200, "token_type": "bearer",
      "state": "authorization_code", "refresh_token": "r"}`;
    expect(read(body)).toMatchObject({ ok: true, response: { scope: "pullrequest:write team:write" } });
  });

  it("takes two hours for the lifetime that is not named", () => {
    expect(read(`{"access_token":"a"}`)).toMatchObject({ ok: true, response: { lifetimeMs: 7_200_000 } });
  });

  it("counts a lifetime with a fraction in whole milliseconds, never more than was granted", () => {
    expect(readFields({ expires_in: 7_199.9999 })).toMatchObject({
      ok: true,
      response: { lifetimeMs: 7_199_999 },
    });
  });

  it("takes an absent token_type for bearer", () => {
    expect(read(`{"access_token":"a"}`)).toMatchObject({ ok: true, response: { tokenType: "bearer" } });
  });

  it.each(["bearer", "Bearer", "BEARER"])("knows token_type in any case (%s)", (token_type) => {
    expect(readFields({ token_type })).toMatchObject({ ok: true, response: { tokenType: "bearer" } });
  });

  it("leaves an absent scope unknown", () => {
    const reading = read(`{"access_token":"a"}`);
    expect(reading.ok && "scope" in reading.response).toBe(false);
  });

  it("prefers scope to scopes", () => {
    expect(readFields({ scope: "new", scopes: "old" })).toMatchObject({
      ok: true,
      response: { scope: "new" },
    });
    expect(readFields({ scope: undefined, scopes: "old" })).toMatchObject({
      ok: true,
      response: { scope: "old" },
    });
  });

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"])(
    "knows JSON by its content type (%s)",
    (contentType) => {
      expect(read(good, { contentType }).ok).toBe(true);
    },
  );

  it.each([
    ["a web page", "<!doctype html><html></html>", { contentType: "text/html" }],
    ["a web page that claims to be JSON", "<!doctype html><html></html>", {}],
    ["JSON that claims to be text", good, { contentType: "text/plain" }],
    ["JSON without a content type", good, { contentType: null }],
    ["a content type that only begins like JSON", good, { contentType: "application/jsonp" }],
    ["a truncated body", good.slice(0, -10), {}],
    ["null", "null", {}],
    ["an array", "[]", {}],
    ["an array with the tokens in it", `[${good}]`, {}],
    ["a string", `"x"`, {}],
    ["an empty body", "", {}],
    ["a body that was cut off", good, { bodyTooLarge: true }],
    ["201", good, { status: 201 }],
    ["204", "", { status: 204 }],
    ["302", good, { status: 302 }],
    ["307", good, { status: 307 }],
    ["308", good, { status: 308 }],
    ["NaN for a lifetime", good.replace("7200", "NaN"), {}],
    ["a lifetime too large for a number", good.replace("7200", "1e999"), {}],
    ["tokens only in __proto__", `{"__proto__":${good}}`, {}],
  ])("refuses %s", (_title, body, extra) => {
    expect(read(body, extra).ok).toBe(false);
  });

  it.each([
    ["status 201 instead of 200", good, { status: 201 }],
    ["a body over 64 kB", good, { bodyTooLarge: true }],
    ["a content type other than application/json", good, { contentType: null }],
    ["a content type other than application/json", good, { contentType: "text/application/json" }],
    ["no JSON object", "[]", {}],
    ["no JSON object", "{", {}],
  ])("says what is wrong: %s", (problem, body, extra) => {
    expect(read(body, extra)).toEqual({ ok: false, problem });
  });

  it("calls every token a bearer token, and tells no time that the server did not tell", () => {
    const reading = read(JSON.stringify(tokenBody({ token_type: undefined })));
    expect(reading).toMatchObject({ ok: true, response: { tokenType: "bearer" } });
    expect(reading).not.toHaveProperty("response.serverTime");
  });

  it.each([
    ["access_token", undefined],
    ["access_token", ""],
    ["access_token", 42],
    ["access_token", "a\r\nX-Injected: 1"],
    ["access_token", "a b"],
    ["access_token", "a\u0000"],
    ["access_token", "ä"],
    ["access_token", "a\n"],
    ["token_type", "mac"],
    ["token_type", ""],
    ["expires_in", -5],
    ["expires_in", 0],
    ["expires_in", 0.4],
    ["expires_in", "abc"],
    ["expires_in", "7200"],
    ["expires_in", 1e99],
    ["refresh_token", ""],
    ["refresh_token", 42],
    ["refresh_token", "r\n"],
    ["scope", 42],
    ["scope", ["account"]],
    ["scope", "account\r\nemail"],
    ["scopes", ["account"]],
    ["scopes", 42],
    ["error", "invalid_grant"],
  ])("refuses %s: %j and names the field alone", (field, value) => {
    const reading = readFields({ [field]: value });
    const problem = field === "error" ? "an error field with status 200" : `${field} missing or malformed`;
    expect(reading).toEqual({ ok: false, problem });
  });

  it("takes null for a field that is not there", () => {
    const nulls = {
      refresh_token: null,
      scope: null,
      scopes: null,
      expires_in: null,
      token_type: null,
      error: null,
    };
    expect(readFields(nulls)).toMatchObject({
      ok: true,
      response: { lifetimeMs: 7_200_000, tokenType: "bearer" },
    });
    expect(readFields(nulls)).not.toHaveProperty("response.refreshToken");
    expect(readFields(nulls)).not.toHaveProperty("response.scope");
    expect(readFields({ access_token: null })).toEqual({
      ok: false,
      problem: "access_token missing or malformed",
    });
  });

  it("takes the last of two equal keys, as JSON does", () => {
    const body = `{"access_token":"first","access_token":"last"}`;
    expect(read(body)).toMatchObject({ ok: true, response: { accessToken: "last" } });
  });

  it("is not moved by a __proto__ key", () => {
    const body = good.replace("{", `{"__proto__":{"error":"x","scopes":"admin"},`);
    expect(read(body)).toMatchObject({
      ok: true,
      response: { accessToken: "access-1", scope: "account repository" },
    });
    expect(Object.prototype).not.toHaveProperty("scopes");
  });
});

describe("tokenSetFrom()", () => {
  const response = {
    accessToken: "a",
    lifetimeMs: 60_000,
    tokenType: "bearer",
    startedAt: 1_000_000,
  } as const;

  it("counts the lifetime from the start of the request", () => {
    expect(tokenSetFrom(response).expiresAt).toBe(1_060_000);
  });

  it("makes a list of the scopes", () => {
    expect(tokenSetFrom({ ...response, scope: " account  repository:write " }).scopes).toEqual([
      "account",
      "repository:write",
    ]);
    expect(tokenSetFrom({ ...response, scope: "account, repository" }).scopes).toEqual([
      "account",
      "repository",
    ]);
  });

  it("tells no scopes from unknown scopes", () => {
    expect(tokenSetFrom({ ...response, scope: "" }).scopes).toEqual([]);
    expect(tokenSetFrom(response).scopes).toBeUndefined();
  });

  it("does not print the tokens", () => {
    const tokens = tokenSetFrom({ ...response, accessToken: "the-access", refreshToken: "the-refresh" });
    expect(tokens.toString() + JSON.stringify(tokens)).not.toMatch(/the-(?:access|refresh)/);
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["the-access", "the-refresh"]);
  });
});
