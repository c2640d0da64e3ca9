import type { AuthenticatedFetchOptions } from "../../src/internal.ts";
import { jsonResponse, type CannedAnswer } from "../fake-fetch.ts";
import { rejectionOf } from "../promises.ts";
import {
  apiUrl,
  bearersOf,
  createApiUnderTest,
  redirectTo,
  watchedResponse,
  ok,
  expired,
  scopeMissing,
  type ApiUnderTest,
} from "./api-under-test.ts";
import { isApiUrl, urlTricks } from "./url-tricks.ts";
import { describe, expect, it } from "vitest";

const elsewhere = "https://storage.example/file?signature=1";

describe("the token goes to the API alone", () => {
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
    expect(requests.map(({ url }) => url).filter((url) => !isApiUrl(url))).toEqual([]);
    expect(refused).toBeGreaterThanOrEqual(200);
  });

  it("for every URL trick in a Location: no bearer goes elsewhere", async () => {
    // Headers cannot carry all of them.
    for (const location of urlTricks.filter((trick) => /^[\t -~]*$/.test(trick))) {
      const { fetch, requests } = createApiUnderTest([redirectTo(location), ok()]);
      await fetch("/2.0/user", { headers: { cookie: "session=secret" } }).catch(() => undefined);
      for (const { url, headers } of requests) {
        if (isApiUrl(url)) continue;
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

  it("rejects for a caller that passed redirect: 'error'", async () => {
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

const archivesUrl = "https://bitbucket.org";
const archive = `${archivesUrl}/acme/site/get/main.zip`;
const archiveAnswer = (): Response => new Response("PK");
const signIn = (): Response =>
  redirectTo("https://bitbucket.org/account/signin/?next=/acme/site/get/main.zip");

function archivesUnderTest(
  answers: readonly [CannedAnswer, ...CannedAnswer[]],
  options: Partial<AuthenticatedFetchOptions> = {},
): ApiUnderTest {
  return createApiUnderTest(answers, { archivesUrl, ...options });
}

describe("archives of a repository", () => {
  it.each(["main.zip", "v1.0.tar.gz", "feature/login.tar.bz2", "ee29727266d0.zip", "a%2Fb.zip"])(
    "are fetched with the token: %s",
    async (name) => {
      const { fetch, requests } = archivesUnderTest([archiveAnswer()]);
      const url = `${archivesUrl}/acme/%7Bsite%7D/get/${name}`;
      expect((await fetch(url)).status).toBe(200);
      expect(requests.map((request) => request.url)).toEqual([url]);
      expect(bearersOf(requests)).toEqual(["Bearer secret-token-1"]);
    },
  );

  it.each([
    archivesUrl,
    `${archivesUrl}/acme/site`,
    `${archivesUrl}/acme/site/get/main.exe`,
    `${archivesUrl}/acme/site/get/.zip/..`,
    `${archivesUrl}/acme/site/get/`,
    `${archivesUrl}/acme/site/raw/main.zip`,
    `${archivesUrl}/site/oauth2/access_token`,
    `${archivesUrl}/acme/site/get/main.zip?next=1`,
    `${archivesUrl}/acme/get/main.zip`,
    "http://bitbucket.org/acme/site/get/main.zip",
    "https://bitbucket.org:8443/acme/site/get/main.zip",
    "https://me@bitbucket.org/acme/site/get/main.zip",
    "https://bitbucket.org.evil.example/acme/site/get/main.zip",
    "https://evil.example/acme/site/get/main.zip",
  ])("are the only addresses of the site that pass: %s does not", async (url) => {
    const { fetch, requests } = archivesUnderTest([archiveAnswer()]);
    expect(await rejectionOf(fetch(url))).toMatchObject({ code: "foreign_origin" });
    expect(requests).toEqual([]);
  });

  it("are refused without the option, and the error names it", async () => {
    const { fetch, requests } = createApiUnderTest([archiveAnswer()]);
    const error = await rejectionOf(fetch(archive));
    expect(error).toMatchObject({ code: "foreign_origin" });
    expect(error).toHaveProperty("message", expect.stringContaining("{ archives: true }"));
    expect(requests).toEqual([]);
  });

  it("take a redirect to the sign-in page for a 401: one fresh token, one more try", async () => {
    const { fetch, requests, asked } = archivesUnderTest([signIn(), archiveAnswer()]);
    expect(await (await fetch(archive)).text()).toBe("PK");
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", "Bearer secret-token-2"]);
    expect(asked).toEqual([undefined, "secret-token-1"]);
  });

  it("reject when the site asks for a sign-in in spite of a fresh token", async () => {
    const { fetch, requests } = archivesUnderTest([signIn()]);
    const error = await rejectionOf(fetch(archive));
    expect(error).toMatchObject({ code: "access_token_rejected", status: 401, action: "fix_config" });
    expect(requests).toHaveLength(2);
  });

  it("follow a redirect to another archive with the token, and to anything else without it", async () => {
    const renamed = archivesUnderTest([redirectTo("/acme/new-site/get/main.zip"), archiveAnswer()]);
    await renamed.fetch(archive);
    expect(bearersOf(renamed.requests)).toEqual(["Bearer secret-token-1", "Bearer secret-token-1"]);
    for (const address of [
      "/acme/site",
      "https://storage.example/main.zip",
      "https://api.bitbucket.org/2.0/user",
    ]) {
      const { fetch, requests } = archivesUnderTest([redirectTo(address), archiveAnswer()]);
      await fetch(archive);
      expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", null]);
    }
  });

  it("get no token by a redirect from the API", async () => {
    const { fetch, requests } = archivesUnderTest([redirectTo(archive), archiveAnswer()]);
    await fetch("/2.0/user");
    expect(bearersOf(requests)).toEqual(["Bearer secret-token-1", null]);
  });
});
