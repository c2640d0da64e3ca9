import { getAccessToken as getAccessTokenOfCore, refreshTokens } from "@bitbucket-auth/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadBundle } from "./bundle-under-test.ts";
import { createFakeTokenEndpoint, tokenBody } from "./fake-token-endpoint.ts";
import { malformedAnswers, oddAnswers, refusals } from "./malformed-answers.ts";

const bundle = loadBundle("bitbucket-auth.min.js");
const now = 1_800_000_000_000;

/** What a reader made of an answer: the token it got out, or what it called the error. */
type Verdict = Readonly<Record<string, unknown>>;

async function verdictOf(reading: Promise<string>): Promise<Verdict> {
  return reading.then(
    (accessToken) => ({ accessToken }),
    (error: Readonly<Record<string, unknown>>) => {
      const { code, status, oauthError, action, transient, certainty, message } = error;
      return { code, status, oauthError, action, transient, certainty, message };
    },
  );
}

/** How the bundle reads an answer to a grant that it asks for, and what it sends meanwhile. */
async function bundleVerdict(answer: Response, stored?: object): Promise<Verdict> {
  const { fetch, requests } = createFakeTokenEndpoint(answer);
  const verdict = await verdictOf(bundle.getAccessToken(configWith(fetch, stored)));
  expect(requests.map(({ url }) => new URL(url).host)).toEqual(["bitbucket.org"]);
  expect(requests.map(({ init }) => init.redirect)).toEqual(["manual"]);
  return verdict;
}

function configWith(fetch: typeof globalThis.fetch, stored?: object) {
  return {
    consumerKey: "consumer-key",
    consumerSecret: "consumer-secret",
    clock: { now: () => now },
    logging: false,
    fetch,
    ...(stored && { loadConfig: () => stored, saveConfig: () => undefined }),
  };
}

const expired = { accessToken: "access-0", refreshToken: "refresh-0", expiresAt: now - 1 };

describe("the minified bundle and an answer of the token endpoint", () => {
  it.each(malformedAnswers)("refuses %s, in core's words", async (_title, answer) => {
    const verdict = await bundleVerdict(answer);
    expect(verdict).toMatchObject({ code: "token_response_invalid" });
    const ofCore = getAccessTokenOfCore(configWith(createFakeTokenEndpoint(answer).fetch));
    expect(verdict).toEqual(await verdictOf(ofCore));
  });

  it.each(oddAnswers)("takes %s, as core does", async (_title, answer) => {
    const verdict = await bundleVerdict(answer);
    expect(verdict).toEqual({ accessToken: expect.any(String) as unknown });
    const ofCore = getAccessTokenOfCore(configWith(createFakeTokenEndpoint(answer).fetch));
    expect(verdict).toEqual(await verdictOf(ofCore));
  });

  it.each([...malformedAnswers, ...refusals])(
    "reads an answer to a refresh as core does: %s",
    async (_title, answer) => {
      const verdict = await bundleVerdict(answer, expired);
      const ofCore = refreshTokens({
        clientId: "consumer-key",
        clientSecret: "consumer-secret",
        refreshToken: "refresh-0",
        clock: { now: () => now },
        fetch: createFakeTokenEndpoint(answer).fetch,
      }).then(({ accessToken }) => accessToken);
      expect(verdict["accessToken"]).toBeUndefined();
      expect(verdict).toEqual(await verdictOf(ofCore));
    },
  );

  it("agrees with core on bodies that nobody thought of", async () => {
    const hostile = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        [],
        {},
        "",
        " ",
        "a\r\nb",
        "ü",
        "bearer",
        "mac",
        "7200",
        0,
        -5,
        0.5,
        7200,
        1e99,
      ),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const names = [...Object.keys(tokenBody(1)), "scopes", "error", "constructor", "toString"];
    const bodies = fc
      .dictionary(fc.constantFrom(...names), hostile, { maxKeys: 3 })
      .map((overrides) => JSON.stringify({ ...tokenBody(1), ...overrides }));
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(bodies, fc.json()), async (body) => {
        const answer = new Response(body, { headers: { "content-type": "application/json" } });
        const verdict = await bundleVerdict(answer);
        if ("accessToken" in verdict) taken += 1;
        const ofCore = getAccessTokenOfCore(configWith(createFakeTokenEndpoint(answer).fetch));
        expect(verdict).toEqual(await verdictOf(ofCore));
      }),
      { numRuns: 100 },
    );
    expect(taken).toBeGreaterThan(0);
  }, 60_000);
});
