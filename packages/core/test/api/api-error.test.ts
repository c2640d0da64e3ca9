import { describe, expect, it } from "vitest";
import { readApiError } from "../../src/api/api-error.ts";
import { apiErrors } from "../fixtures/api-errors.ts";
import { watchedResponse } from "./api-under-test.ts";

const now = Date.parse("2026-09-01T12:00:00Z");

function answer(status: number, error: object, headers: Record<string, string> = {}): Response {
  return Response.json({ type: "error", error }, { status, headers });
}

describe("readApiError()", () => {
  it.each(apiErrors)("understands $title", async ({ status, headers, body, expected }) => {
    const error = await readApiError(new Response(body, { status, headers }), { call: "GET /2.0/user" });
    expect(error).toMatchObject({ ...expected, status });
    expect(error.message).toContain(`GET /2.0/user with ${status}`);
  });

  it.each([500, 502, 503, 504, 408, 425])("takes a %i for something that passes", async (status) => {
    const error = await readApiError(new Response("<html>", { status }));
    expect(error).toMatchObject({ code: "api_request_failed", transient: true, action: "retry", status });
  });

  it.each([400, 405, 409, 413, 422])("takes a %i for a call to be corrected", async (status) => {
    const error = await readApiError(answer(status, { message: "Bad", detail: "pagelen" }));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
    expect(error.description).toBe("Bad pagelen");
  });

  it("names the scopes that are missing and where to add them", async () => {
    const detail = { granted: ["account", "repository"], required: ["repository", "pullrequest", "webhook"] };
    const error = await readApiError(answer(403, { message: "No", detail }));
    expect(error).toMatchObject(detail);
    expect(error.message).toMatch(/The token lacks: pullrequest, webhook\. .*OAuth consumer.*sign in again/);
  });

  it("names what is required when the granted scopes are unknown", async () => {
    const error = await readApiError(answer(403, { message: "No", detail: { required: ["account"] } }));
    expect(error).toMatchObject({ granted: [], required: ["account"] });
    expect(error.message).toContain("The token lacks: account.");
  });

  it("does not look for scopes in an answer that is no 403", async () => {
    const detail = { granted: [], required: ["account"] };
    expect(await readApiError(answer(400, { message: "No", detail }))).toMatchObject({
      code: "api_request_failed",
    });
  });

  it("says that an endpoint was removed, and where that was announced", async () => {
    const announcement = "https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770";
    const error = await readApiError(
      answer(410, { message: "Gone", data: { announcement_url: announcement } }),
    );
    expect(error.message).toContain(`removed this endpoint, so call its replacement: ${announcement}`);
    expect((await readApiError(answer(410, { message: "Gone" }))).message).toMatch(/removed this endpoint/);
  });

  it("says when a rate limit ends, if Bitbucket does", async () => {
    const limited = await readApiError(answer(429, { message: "Slow down" }, { "retry-after": "30" }), {
      now,
    });
    expect(limited).toMatchObject({ code: "rate_limited", retryAt: now + 30_000 });
    expect(limited.message).toContain("Try again in 30 s.");
    const unsaid = await readApiError(answer(429, { message: "Slow down" }), { now });
    expect(unsaid.message).toContain("Try again later.");
    expect(unsaid.retryAt).toBeUndefined();
  });

  it("repeats neither the token that was sent nor anything like one", async () => {
    const secrets = ["short-one"];
    const other = "ATATT3xFfGF0abcdefghijklmnopqrstuvwxyz0123456789";
    const echo = `short-one ${other}`;
    const errors = await Promise.all([
      readApiError(answer(401, { message: echo, detail: echo }), { secrets }),
      readApiError(answer(403, { message: "No", detail: { granted: [echo], required: [echo] } }), {
        secrets,
      }),
      readApiError(answer(410, { data: { announcement_url: `https://a.example/?${other}&short-one` } }), {
        secrets,
      }),
      readApiError(new Response(echo, { status: 500 }), { secrets }),
    ]);
    for (const error of errors) {
      const shown = `${error.message} ${JSON.stringify(error)} ${error.stack}`;
      expect(shown).toContain("[redacted]");
      expect(shown).not.toMatch(/short-one|ATATT/);
    }
  });

  it("keeps a message short and on one line, whatever Bitbucket sent", async () => {
    const error = await readApiError(new Response("no\r\n".repeat(1000), { status: 400 }));
    expect(error.message).not.toMatch(/[\r\n]/);
    expect(error.message.length).toBeLessThan(500);
  });

  it("reads 64 kB of an endless body and lets go of it", async () => {
    const { response, cancelled } = watchedResponse({ status: 502 });
    expect(await readApiError(response)).toMatchObject({ status: 502, transient: true });
    await expect.poll(cancelled).toBe(true);
  });

  it.each([
    [401, "it does not take the access token. Sign in again."],
    [403, "its account may not do this: give that account access in Bitbucket."],
    [404, "There is nothing at this address, or the account may not see it"],
    [410, "Bitbucket has removed this endpoint, so call its replacement"],
    [422, "Check the call against Bitbucket's API documentation."],
    [500, "This passes: try again."],
  ])("says what to do about a %i", async (status, advice) => {
    expect((await readApiError(answer(status, { message: "No" }))).message).toContain(advice);
  });

  it("repeats what Bitbucket said in brackets, and nothing where it said nothing", async () => {
    const said = await readApiError(answer(400, { message: "Bad", detail: "pagelen" }), { call: "GET /x" });
    expect(said.message).toMatch(/^Bitbucket answered GET \/x with 400 \(Bad pagelen\)\. /);
    const unsaid = await readApiError(new Response(null, { status: 400 }));
    expect(unsaid.message).toMatch(/^Bitbucket answered an API call with 400\. /);
    expect(unsaid).not.toHaveProperty("description");
  });

  it("asks for all that is required when the token seems to have it", async () => {
    const detail = { granted: ["account"], required: ["account"] };
    const error = await readApiError(answer(403, { message: "No", detail }));
    expect(error.message).toContain("The token lacks: account. Add that");
  });
});
