import { readOAuthErrorBody } from "../../src/token-endpoint/response.ts";
import { describe, expect, it } from "vitest";

describe("readOAuthErrorBody()", () => {
  it("reads an OAuth error", () => {
    const body = `{"error_description": "Unsupported grant type: None", "error": "invalid_grant"}`;
    expect(readOAuthErrorBody(body)).toEqual({
      error: "invalid_grant",
      description: "Unsupported grant type: None",
    });
  });

  it("reads an error without a description, or with one that is no text", () => {
    expect(readOAuthErrorBody(`{"error":"invalid_grant"}`)).toEqual({ error: "invalid_grant" });
    expect(readOAuthErrorBody(`{"error":"invalid_grant","error_description":{"a":1}}`)).toEqual({
      error: "invalid_grant",
    });
  });

  it("reads the API's kind of error", () => {
    expect(readOAuthErrorBody(`{"type":"error","error":{"message":"Rate limit"}}`)).toEqual({
      description: "Rate limit",
    });
  });

  it.each([
    "",
    "null",
    "[]",
    `"x"`,
    "<html>",
    `{"error":`,
    `{"error":1}`,
    `{"error":"","error_description":"nothing"}`,
    `{"error":{}}`,
    `{"__proto__":{"error":"x"}}`,
  ])("finds none in %s", (body) => {
    expect(readOAuthErrorBody(body)).toEqual({});
  });
});
