import { describe, expect, it } from "vitest";
import { jsonResponse } from "../fake-fetch.ts";
import {
  apiUrl,
  bearersOf,
  createApiUnderTest,
  redirectTo,
  rejectionOf,
  watchedResponse,
} from "./api-under-test.ts";
import { isAtHome, urlTricks } from "./url-tricks.ts";

const ok = (): Response => jsonResponse({ username: "ada" });
const expired = (): Response => new Response("Access token expired.", { status: 401 });
const elsewhere = "https://storage.example/file?signature=1";
const scopeMissing = {
  error: { message: "No", detail: { granted: ["account"], required: ["pullrequest"] } },
};

describe("the token stays at home", () => {
  it("for every URL trick: refused with nothing sent, or sent to the API", async () => {
    const { fetch, requests } = createApiUnderTest([ok()]);
    let refused = 0;
    for (const trick of urlTricks) {
      const before = requests.length;
      const error = await fetch(trick).catch((reason: unknown) => reason);
      if (requests.length > before) continue;
      expect(error).toMatchObject({ code: "foreign_origin", transient: false, action: "fix_config" });
      refused += 1;
    }
    expect(requests.map(({ url }) => url).filter((url) => !isAtHome(url))).toEqual([]);
    expect(refused).toBeGreaterThanOrEqual(200);
  });

  it("for every URL trick in a Location: no bearer goes elsewhere", async () => {
    // Headers cannot carry all of them.
    for (const location of urlTricks.filter((trick) => /^[\t -~]*$/.test(trick))) {
      const { fetch, requests } = createApiUnderTest([redirectTo(location), ok()]);
      await fetch("/2.0/user", { headers: { cookie: "session=secret" } }).catch(() => undefined);
      for (const { url, headers } of requests) {
        if (isAtHome(url)) continue;
        expect([url, headers.get("authorization"), headers.get("cookie")]).toEqual([url, null, null]);
      }
    }
  });

  it("does not ask for a token for a foreign address", async () => {
    const { fetch, asked } = createApiUnderTest([ok()]);
    await rejectionOf(fetch("https://evil.example/2.0/user"));
    expect(asked).toEqual([]);
  });
});

describe("a redirect", () => {
  it("within the API keeps the token", async () => {
    const { fetch, requests } = createApiUnderTest([
      redirectTo("/2.0/b"),
      redirectTo(`${apiUrl}/2.0/c`, 307),
      ok(),
    ]);
    expect((await fetch("/2.0/a")).status).toBe(200);
    expect(requests.map(({ url }) => url)).toEqual(["a", "b", "c"].map((name) => `${apiUrl}/2.0/${name}`));
    expect(new Set(bearersOf(requests))).toEqual(new Set(["Bearer secret-token-1"]));
  });

  it("away from the API loses the token, and the way back does not bring it back", async () => {
    const { fetch, requests } = createApiUnderTest([
      redirectTo(elsewhere),
      redirectTo(`${apiUrl}/2.0/user`),
      ok(),
    ]);
    await fetch("/2.0/downloads/file");
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", null, null]);
  });

  it.each([401, 403, 429])("away from the API makes a %i the caller's own", async (status) => {
    const answer = jsonResponse(scopeMissing, { status });
    const { fetch, requests, asked } = createApiUnderTest([redirectTo(elsewhere), () => answer]);
    expect(await fetch("/2.0/downloads/file")).toBe(answer);
    expect([requests.length, asked.length]).toEqual([2, 1]);
  });

  it("that the given fetch followed by itself makes a 401 the caller's own", async () => {
    const answer = Object.defineProperty(expired(), "redirected", { value: true });
    const { fetch, asked } = createApiUnderTest([() => answer]);
    expect(await fetch("/2.0/user")).toBe(answer);
    expect(asked).toEqual([undefined]);
  });

  it("is returned to a caller who asked for it", async () => {
    const { fetch, requests } = createApiUnderTest([redirectTo(elsewhere)]);
    expect((await fetch("/2.0/a", { redirect: "manual" })).headers.get("location")).toBe(elsewhere);
    expect(requests).toHaveLength(1);
  });

  it("rejects for a caller who wanted none", async () => {
    const { fetch, requests } = createApiUnderTest([redirectTo("/2.0/b")]);
    expect(await rejectionOf(fetch("/2.0/a", { redirect: "error" }))).toMatchObject({
      code: "api_request_failed",
      status: 302,
      transient: false,
    });
    expect(requests).toHaveLength(1);
  });

  it("ends after five in a row", async () => {
    const { fetch, requests } = createApiUnderTest([redirectTo("/2.0/again")]);
    expect(await rejectionOf(fetch("/2.0/again"))).toMatchObject({ code: "api_request_failed" });
    expect(requests).toHaveLength(6);
  });

  it("that the runtime hides rejects and says so", async () => {
    const hidden = Object.defineProperties(new Response(null), {
      type: { value: "opaqueredirect" },
      status: { value: 0 },
    });
    const { fetch } = createApiUnderTest([() => hidden]);
    const error = await rejectionOf(fetch("/2.0/a"));
    expect(error).toHaveProperty("message", expect.stringContaining("this runtime hides where to"));
    expect(await fetch("/2.0/a", { redirect: "manual" })).toBe(hidden);
  });

  it("gives up the body of the answer it follows", async () => {
    const { response, cancelled } = watchedResponse({ status: 302, headers: { location: "/2.0/b" } });
    await createApiUnderTest([() => response, ok()]).fetch("/2.0/a");
    expect(cancelled()).toBe(true);
  });
});
