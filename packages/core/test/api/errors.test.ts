import {
  readApiError,
  networkFailureCode,
  readRetryDelayMs,
  readServerTime,
  releaseBody,
} from "../../src/api/error.ts";
import { readApiErrorBody, readErrorBody } from "../../src/api/error-body.ts";
import { getEventListeners } from "node:events";
import { nodeFetchError } from "../fake-fetch.ts";
import { apiErrors } from "../fixtures/api-errors.ts";
import { watchedResponse } from "./api-under-test.ts";
import { describe, expect, it } from "vitest";

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

  it.each([501, 505])("takes a %i for a call that no repeat mends", async (status) => {
    const error = await readApiError(new Response("Not Implemented", { status }));
    expect(error).toMatchObject({ transient: false, action: "fix_config", status });
    expect(error.message).not.toContain("try again");
  });

  it.each([400, 405, 409, 413, 422])("takes a %i for a call to be corrected", async (status) => {
    const error = await readApiError(answer(status, { message: "Bad", detail: "pagelen" }));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
    expect(error.description).toBe("Bad pagelen");
  });

  it.each<readonly [number, string, RegExp]>([
    [402, "Your workspace exceeds its user limit.", /plan of the workspace/],
    [403, "", /does not say why.*proxy/],
    [403, "Your credentials lack one or more required privilege scopes.", /lacks a scope/],
    [403, "To access this repository, an admin has to whitelist your IP.", /addresses.*admin/],
    [403, "Access to this resource requires two-step verification.", /Two-step/],
    [403, "You do not have access to this repository.", /give that account access/],
    [403, "You do not have access to acme/ip-ranges.", /give that account access/],
    [404, "There is no API hosted at this URL.", /no such route.*slash/],
    [404, "Repository acme/site not found", /check workspace/],
    [409, "A merge is in progress.", /conflicts/],
    [407, "", /network between this program and Bitbucket wants a sign-in/],
    [511, "", /network between this program and Bitbucket wants a sign-in/],
    [413, "", /send less/],
    [423, "", /locked/],
    [451, "", /legal reasons/],
  ])("says what to do about a %i that says %j", async (status, words, advice) => {
    const error = await readApiError(answer(status, { message: words }));
    expect(error.message).toMatch(advice);
    expect(error).toMatchObject({ status, transient: false });
  });

  it("knows the scopes that a 403 names in headers alone", async () => {
    const headers = { "x-oauth-scopes": "account, email", "x-accepted-oauth-scopes": "pullrequest:write" };
    const words = { message: "Your credentials lack one or more required privilege scopes." };
    expect(await readApiError(answer(403, words, headers))).toMatchObject({
      code: "scope_missing",
      granted: ["account", "email"],
      required: ["pullrequest:write"],
    });
    expect(await readApiError(answer(403, { message: "No access." }, headers))).toMatchObject({
      code: "api_request_failed",
    });
  });

  it("puts one listener on a signal, however many answers are read at once", async () => {
    const { signal } = new AbortController();
    const reading = Array.from({ length: 50 }, () =>
      readApiError(new Response("x", { status: 500 }), { signal }),
    );
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all(reading);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
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
    [555, "ask for less of it"],
    [401, "it does not accept the access token. Sign in again."],
    [403, "its account may not do this: give that account access in Bitbucket."],
    [404, "There is nothing at this address, or the account may not see it"],
    [410, "Bitbucket has removed this endpoint, so call its replacement"],
    [422, "Check the call against Bitbucket's API documentation."],
    [500, "This is temporary: try again."],
  ])("says what to do about a %i", async (status, advice) => {
    expect((await readApiError(answer(status, { message: "No" }))).message).toContain(advice);
  });

  it("keeps what Bitbucket says of each field, its id and its data, and shows the fields", async () => {
    const body = {
      message: "Bad request",
      fields: { key: ["Ensure this value has at most 40 characters"], name: "This field is required" },
      id: "3f9b5c1ad3c84b0e9d2f0c6f6c1b7a11",
      data: { key: "acme-website-2026", limit: 40, announced: ["https://example.com/a?b=1"] },
    };
    const error = await readApiError(answer(400, body), { call: "POST /2.0/x" });
    expect(error).toMatchObject({
      description: "Bad request",
      fields: { key: [body.fields.key[0]], name: [body.fields.name] },
      id: body.id,
      data: body.data,
    });
    expect(error.message).toContain(
      "with 400 (Bad request; key: Ensure this value has at most 40 characters; name: This field is required). ",
    );
  });

  it("hides what was sent in fields, id and data too", async () => {
    const body = { message: "no", fields: { sent: ["sent"] }, id: "sent", data: { sent: [{ a: "sent" }] } };
    const error = await readApiError(answer(400, body), { secrets: ["sent"] });
    expect(JSON.stringify(error) + error.message).not.toContain("sent");
  });

  it("shows ten fields and counts the rest", async () => {
    const fields = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, ["Required"]]));
    const error = await readApiError(answer(400, { message: "Bad", fields }));
    expect(error.message).toContain("f9: Required; and 190 more fields");
    expect(Object.keys(error.fields ?? {})).toHaveLength(200);
  });

  it.each(["data", "detail", "fields", "message"])("reads %s of any depth", async (part) => {
    const deep = `${'{"a":'.repeat(10_000)}"x"${"}".repeat(10_000)}`;
    const body = `{"error":{"message":"Bad","${part}":${deep}}}`;
    const error = await readApiError(new Response(body, { status: 400 }));
    expect(error).toMatchObject({ code: "api_request_failed", status: 400 });
  });

  it("does not call a scope missing that a granted one implies", async () => {
    const detail = {
      granted: ["account", "pullrequest:write"],
      required: ["email", "repository", "webhook"],
    };
    const error = await readApiError(answer(403, { message: "No", detail }));
    expect(error.message).toContain("The token lacks: webhook. Add that");
  });

  it("says that a kind of credential is not accepted, where that is what Bitbucket means", async () => {
    const message = "This resource is not accessible by this authentication mechanism.";
    const error = await readApiError(answer(403, { message }));
    expect(error).toMatchObject({ code: "api_request_failed", action: "fix_config", transient: false });
    expect(error.message).toContain(
      "does not accept the kind of credential that was sent, whatever its scopes",
    );
  });

  it("says when a 503 ends, if Bitbucket does", async () => {
    const error = await readApiError(answer(503, { message: "Busy" }, { "retry-after": "20" }), { now });
    expect(error).toMatchObject({ transient: true, action: "retry", retryAt: now + 20_000 });
    expect(error.message).toContain("Try again in 20 s.");
  });

  it("does not advise to change a call that was answered with 304", async () => {
    const error = await readApiError(new Response(null, { status: 304 }));
    expect(error.message).toContain("This is no error: what was fetched earlier is still current.");
  });

  it("takes a 555 for a diff that is too large, which does not pass", async () => {
    const error = await readApiError(answer(555, { message: "Diff too large" }));
    expect(error).toMatchObject({ code: "api_request_failed", transient: false, action: "fix_config" });
  });

  it("refuses an option it does not know", async () => {
    // @ts-expect-error -- a caller without types
    await expect(readApiError(answer(400, {}), { secret: "x" })).rejects.toThrow('no option "secret"');
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

const announced = { data: { announcement_url: "https://developer.atlassian.com/changelog#CHANGE-1" } };

describe("readApiErrorBody()", () => {
  it.each<[string, unknown, object]>([
    ["a message", { error: { message: "Forbidden" } }, { message: "Forbidden" }],
    ["a detail in words", { error: { message: "No", detail: "Why." } }, { message: "No", detail: "Why." }],
    [
      "a detail with scopes",
      { error: { message: "No", detail: { granted: ["account"], required: ["pullrequest"] } } },
      { message: "No", granted: ["account"], required: ["pullrequest"] },
    ],
    [
      "a detail of which only a part fits",
      { error: { message: "No", detail: { granted: "account", required: ["pullrequest"] } } },
      { message: "No", granted: ["account"], required: ["pullrequest"] },
    ],
    ["a detail that does not fit", { error: { message: "No", detail: 7 } }, { message: "No" }],
    ["a message that is a list", { error: { message: ["No", "way"] } }, { message: "No; way" }],
    ["a message that is a number", { error: { message: 7, detail: "Why." } }, { detail: "Why." }],
    [
      "a detail that is a list",
      { error: { message: "No", detail: ["a", "b"] } },
      { message: "No", detail: "a; b" },
    ],
    [
      "a detail with parts of its own",
      { error: { message: "Conflicts", detail: { files: ["a.txt", "b.txt"], message: "Both changed" } } },
      {
        message: "Conflicts",
        detail: "files: a.txt; b.txt; Both changed",
        data: { files: ["a.txt", "b.txt"], message: "Both changed" },
      },
    ],
    [
      "fields with parts",
      {
        error: {
          message: "Bad",
          fields: { source: { branch: ["Required"] }, reviewers: [{ uuid: "Unknown" }] },
        },
      },
      { message: "Bad", fields: { "source.branch": ["Required"], "reviewers.0.uuid": ["Unknown"] } },
    ],
    [
      "fields that are names alone",
      { error: { message: "Bad", fields: ["key", "name"] } },
      { message: "Bad", detail: "key; name" },
    ],
    [
      "fields that are a text",
      { error: { message: "Bad", fields: "key is missing" } },
      { message: "Bad", detail: "key is missing" },
    ],
    [
      "an OAuth error",
      { error: "invalid_request", error_description: "Why." },
      { message: "invalid_request", detail: "Why." },
    ],
    ["a message on its own", { message: "Internal failure", code: 12 }, { message: "Internal failure" }],
    [
      "a list of errors",
      { errors: [{ title: "Bad", detail: "Why." }, "Worse"] },
      { message: "Bad; Why.; Worse" },
    ],
    ["a list on its own", [{ message: "Bad" }, "Worse"], { message: "Bad; Worse" }],
    ["errors that are a list", { error: ["Bad", "Worse"] }, { message: "Bad; Worse" }],
    ["a text", "just words", { message: "just words" }],
    [
      "an announcement inside",
      { error: { message: "Gone", ...announced } },
      { message: "Gone", announcementUrl: announced.data.announcement_url, ...announced },
    ],
    [
      "an announcement beside",
      { error: { message: "Gone" }, ...announced },
      { message: "Gone", announcementUrl: announced.data.announcement_url, ...announced },
    ],
    [
      "an announcement that is no https: URL",
      { error: { message: "Gone", data: { announcement_url: "javascript:alert(1)" } } },
      { message: "Gone", data: { announcement_url: "javascript:alert(1)" } },
    ],
    [
      "fields and an id",
      { error: { message: "Bad", fields: { key: ["Too long", "Not a slug"], name: "Missing" }, id: "4b1c" } },
      { message: "Bad", fields: { key: ["Too long", "Not a slug"], name: ["Missing"] }, id: "4b1c" },
    ],
    ["an error that is a word", { error: "nope" }, { message: "nope" }],
    ["null", null, {}],
    ["an array", [], {}],
    ["a number", 7, {}],
  ])("reads %s", (_what, body, read) => {
    expect(readApiErrorBody(JSON.stringify(body))).toEqual(read);
  });

  it("reads plain text as the message, and a web page as none", () => {
    expect(readApiErrorBody(" Rate limit exceeded\n")).toEqual({ message: "Rate limit exceeded" });
    expect(readApiErrorBody("\n<!DOCTYPE html><title>Bitbucket</title>")).toEqual({});
    expect(readApiErrorBody("")).toEqual({});
  });

  it("is not led astray by __proto__", () => {
    const read = readApiErrorBody(
      '{"__proto__":{"error":{"message":"No"}},"error":{"__proto__":{"detail":"Why."}}}',
    );
    expect(read).toEqual({});
    expect({}).not.toHaveProperty("detail");
  });
});

describe("networkFailureCode()", () => {
  it.each(["ECONNRESET", "UND_ERR_SOCKET", "CERT_HAS_EXPIRED", "ConnectionRefused"])(
    "finds %s below the error",
    (code) => {
      expect(networkFailureCode(nodeFetchError(code))).toBe(code);
    },
  );

  it("finds none where there is none", () => {
    expect(networkFailureCode(new TypeError("Failed to fetch"))).toBeUndefined();
    expect(networkFailureCode("ECONNRESET")).toBeUndefined();
    expect(networkFailureCode(undefined)).toBeUndefined();
  });

  it.each([
    ["a number", 20],
    ["a sentence", "Bearer abc"],
    ["a token", "eyJhbGciOiJIUzI1NiJ9"],
    ["a long word", "A".repeat(41)],
  ])("takes %s for no code", (_what, code) => {
    expect(networkFailureCode(Object.assign(new Error("x"), { code }))).toBeUndefined();
  });

  it("ends on errors that cause each other", () => {
    const error = new Error("x");
    error.cause = error;
    expect(networkFailureCode(error)).toBeUndefined();
  });
});

const noon = Date.parse("2026-09-01T12:00:00Z");
const hourAhead = "Tue, 01 Sep 2026 13:00:00 GMT";

describe("readRetryDelayMs()", () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ["seconds", { "retry-after": "30" }, 30_000],
    ["no seconds", { "retry-after": "0" }, 0],
    ["a date", { "retry-after": "Tue, 01 Sep 2026 12:00:30 GMT" }, 30_000],
    ["a date that is over", { "retry-after": "Tue, 01 Sep 2026 11:00:00 GMT" }, 0],
    [
      "a date on a server whose clock is ahead",
      { "retry-after": "Tue, 01 Sep 2026 13:00:30 GMT", date: hourAhead },
      30_000,
    ],
    ["Retry-After before x-ratelimit-reset", { "retry-after": "30", "x-ratelimit-reset": "7" }, 30_000],
    ["the seconds that remain", { "x-ratelimit-reset": "7" }, 7000],
    ["an instant", { "x-ratelimit-reset": String(noon / 1000 + 7) }, 7000],
    ["an instant that is over", { "x-ratelimit-reset": String(noon / 1000 - 7) }, 0],
    [
      "an instant on a server whose clock is ahead",
      { "x-ratelimit-reset": String(noon / 1000 + 3607), date: hourAhead },
      7000,
    ],
    ["x-ratelimit-reset behind nonsense", { "retry-after": "soon", "x-ratelimit-reset": "7" }, 7000],
    ["nonsense", { "retry-after": "-1", "x-ratelimit-reset": "soon" }, undefined],
    ["a date that is none", { "x-ratelimit-reset": "2026-99-01T12:00:00Z" }, undefined],
    ["a fraction", { "retry-after": "1.5" }, 1500],
    ["two that proxies have joined", { "retry-after": "30, 30" }, 30_000],
    ["a fraction of the seconds that remain", { "x-ratelimit-reset": "7.5" }, 7500],
    ["the seconds that remain with a window", { "x-ratelimit-reset": "7, 7;w=3600" }, 7000],
    ["an instant in milliseconds", { "x-ratelimit-reset": String(noon + 7000) }, 7000],
    ["an instant as a date", { "x-ratelimit-reset": "2026-09-01T12:00:07Z" }, 7000],
    ["a number that is no instant", { "retry-after": "", "x-ratelimit-reset": "" }, undefined],
    ["nothing", {}, undefined],
  ])("reads %s", (_what, headers, delayMs) => {
    expect(readRetryDelayMs(new Headers(headers), noon)).toBe(delayMs);
  });
});

describe("readServerTime()", () => {
  it("reads the Date of a fresh answer", () => {
    expect(readServerTime(new Headers({ date: "Tue, 01 Sep 2026 12:00:00 GMT" }))).toBe(noon);
  });

  it("does not believe an answer that a cache kept, nor a date that is none", () => {
    expect(readServerTime(new Headers({ date: "Tue, 01 Sep 2026 12:00:00 GMT", age: "0" }))).toBeUndefined();
    expect(readServerTime(new Headers({ date: "noon" }))).toBeUndefined();
    expect(readServerTime(new Headers())).toBeUndefined();
  });
});

describe("readErrorBody()", () => {
  it("reads text to its end", async () => {
    expect(await readErrorBody(new Response("Grüße"))).toBe("Grüße");
  });

  it("reads at most 64 kB and lets go of the rest", async () => {
    const { response, cancelled } = watchedResponse({ status: 500 });
    expect((await readErrorBody(response)).length).toBe(64 * 1024);
    await expect.poll(cancelled).toBe(true);
  });

  it("takes a body that is missing, used or broken for an empty one", async () => {
    const used = new Response("used");
    await used.text();
    const broken = new Response(
      new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }),
    );
    expect(
      await Promise.all([new Response(null), used, broken].map((response) => readErrorBody(response))),
    ).toEqual(["", "", ""]);
  });

  it("ends when it is told to, although the body hangs", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: () => new Promise(() => {}),
      cancel: () => {
        cancelled = true;
      },
    });
    const stop = new AbortController();
    const reading = readErrorBody(new Response(body), stop.signal);
    stop.abort();
    expect(await reading).toBe("");
    expect(cancelled).toBe(true);
  });
});

describe("releaseBody()", () => {
  it("releaseBody() cancels a body that is not read", () => {
    const { response, cancelled } = watchedResponse({ status: 401 });
    releaseBody(response);
    expect(cancelled()).toBe(true);
  });

  it("releaseBody() leaves a body alone that is being read, or that is not there", async () => {
    const { response, cancelled } = watchedResponse({ status: 200 });
    response.body?.getReader();
    releaseBody(response);
    releaseBody(new Response(null));
    expect(cancelled()).toBe(false);
  });
});
