import { refusal, tokenBody } from "./fake-token-endpoint.ts";

const good = JSON.stringify(tokenBody(1));

function answer(body: string | null, init: ResponseInit & { type?: string | null } = {}): Response {
  const { type = "application/json", ...rest } = init;
  const headers = new Headers(type === null ? {} : { "content-type": type });
  const response = new Response(body, { ...rest, headers });
  // A string body names a type by itself.
  if (type === null) response.headers.delete("content-type");
  return response;
}

function withField(field: string, value: unknown): Response {
  return answer(JSON.stringify(tokenBody(1, { [field]: value })));
}

const badFields: readonly (readonly [string, unknown])[] = [
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
  ["token_type", null],
  ["expires_in", -5],
  ["expires_in", 0],
  ["expires_in", 0.4],
  ["expires_in", "abc"],
  ["expires_in", "7200"],
  ["expires_in", null],
  ["expires_in", 1e99],
  ["refresh_token", ""],
  ["refresh_token", 42],
  ["refresh_token", null],
  ["refresh_token", "r\n"],
  ["scope", 42],
  ["scope", ["account"]],
  ["scope", "account\r\nemail"],
  ["scopes", ["account"]],
  ["scopes", 42],
  ["error", "invalid_grant"],
  ["error", null],
];

/** Answers of a token endpoint that are no token response, each with its name. */
export const malformedAnswers: readonly (readonly [title: string, answer: Response])[] = [
  ["a web page", answer("<!doctype html><html></html>", { type: "text/html" })],
  ["a web page that claims to be JSON", answer("<!doctype html><html></html>")],
  ["JSON that claims to be text", answer(good, { type: "text/plain" })],
  ["JSON without a content type", answer(good, { type: null })],
  ["a content type that only begins like JSON", answer(good, { type: "application/jsonp" })],
  ["a truncated body", answer(good.slice(0, -10))],
  ["null", answer("null")],
  ["an array", answer("[]")],
  ["an array with the tokens in it", answer(`[${good}]`)],
  ["a string", answer(`"x"`)],
  ["a number", answer("7")],
  ["an empty body", answer("")],
  ["a body over 64 kB", answer(JSON.stringify(tokenBody(1, { padding: "x".repeat(70_000) })))],
  ["201", answer(good, { status: 201 })],
  ["204", answer(null, { status: 204 })],
  ...[301, 302, 303, 307, 308].map((status): readonly [string, Response] => [
    `${status}`,
    new Response(good, {
      status,
      headers: { location: "https://evil.test/", "content-type": "application/json" },
    }),
  ]),
  ["a redirect that was followed", Object.defineProperty(answer(good), "redirected", { value: true })],
  ["NaN for a lifetime", answer(good.replace("7200", "NaN"))],
  ["a lifetime too large for a number", answer(good.replace("7200", "1e999"))],
  ["tokens only in __proto__", answer(`{"__proto__":${good}}`)],
  ...badFields.map(([field, value]): readonly [string, Response] => [
    `${field}: ${JSON.stringify(value)}`,
    withField(field, value),
  ]),
];

/** Answers that are token responses, however odd. */
export const oddAnswers: readonly (readonly [title: string, answer: Response])[] = [
  ["Bitbucket's answer", answer(good)],
  ["nothing but a token", answer(`{"access_token":"a"}`)],
  ["BEARER", withField("token_type", "BEARER")],
  ["a charset", answer(good, { type: "Application/JSON ;charset=utf-8" })],
  ["scopes of before 2026", answer(`{"access_token":"a","scopes":"account"}`)],
  ["two equal keys", answer(`{"access_token":"first","access_token":"last"}`)],
  ["a __proto__ key", answer(good.replace("{", `{"__proto__":{"error":"x"},`))],
  ["fields nobody knows", withField("constructor", { prototype: 1 })],
];

/** Refusals, in every shape that Bitbucket has been seen to answer with. */
export const refusals: readonly (readonly [title: string, answer: Response])[] = [
  ...[
    "invalid_grant",
    "unauthorized_client",
    "invalid_client",
    "invalid_request",
    "unsupported_grant_type",
  ].flatMap((error) =>
    [400, 401, 403].map((status): readonly [string, Response] => [
      `${status} ${error}`,
      refusal(error, status),
    ]),
  ),
  ["the API's shape", Response.json({ type: "error", error: { message: "No" } }, { status: 400 })],
  ["an error that is a number", Response.json({ error: 4 }, { status: 400 })],
  [
    "a description that is no text",
    Response.json({ error: "invalid_grant", error_description: {} }, { status: 400 }),
  ],
  ["the old word for a dead refresh token", refusalWith("invalid_request", "Invalid refresh_token")],
  ["a missing header", refusalWith("unauthorized_client", "Requests must be authenticated using OAuth")],
  ["a missing grant type", refusalWith("invalid_grant", "Unsupported grant type: None")],
  ["a page with 403", answer("<html>", { status: 403, type: "text/html" })],
  ...[408, 425, 429, 500, 502, 503].map((status): readonly [string, Response] => [
    `${status}`,
    answer("busy", { status, type: "text/plain" }),
  ]),
];

function refusalWith(error: string, error_description: string): Response {
  return Response.json({ error, error_description }, { status: 400 });
}
