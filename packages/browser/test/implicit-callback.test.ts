import { readImplicitCallback } from "@bitbucket-auth/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBitbucketClient } from "../src/index.ts";
import { createFakePage } from "./fake-page.ts";

const state = "the-state-of-this-page";
const now = 1_000_000;
const good = `access_token=the-token&token_type=bearer&expires_in=3600&scope=account+email&state=${state}`;

type Verdict = { readonly token: string; readonly expiresAt: number } | { readonly code: unknown };

/** How a client reads a callback that it waits for. */
function pageVerdict(fragment: string): Verdict {
  const page = createFakePage(`https://app.test/callback#${fragment}`);
  page.storage.setItem("oauth-state", state);
  const client = createBitbucketClient({
    client: { client_id: "page-key", redirect_uri: "https://app.test/callback" },
    location: page.location,
    history: page.history,
    storage: page.storage,
    clock: { now: () => now },
  });
  return verdictOf(() => {
    client.processCallback();
    const { access_token: token = "", expiresAt = 0 } = client.callbackData ?? {};
    return { token, expiresAt };
  });
}

function coreVerdict(fragment: string): Verdict {
  return verdictOf(() => {
    const { accessToken, expiresAt } = readImplicitCallback(`https://app.test/callback#${fragment}`, {
      state,
      clock: { now: () => now },
    });
    return { token: accessToken, expiresAt };
  });
}

function verdictOf(read: () => Verdict): Verdict {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: error.code };
    throw error;
  }
}

describe("processCallback() of an implicit sign-in", () => {
  it.each([
    good,
    good.replace("bearer", "Bearer"),
    good.replace("&expires_in=3600", ""),
    good.replace("&token_type=bearer", ""),
    good.replace("scope=", "scopes="),
    `${good}&refresh_token=r`,
    good.replace("3600", "0003600"),
    good.replace("3600", "316224000"),
  ])("takes %s, as core does", (fragment) => {
    expect(pageVerdict(fragment)).toEqual(coreVerdict(fragment));
    expect(pageVerdict(fragment)).toHaveProperty("token", "the-token");
  });

  it.each([
    good.replace(state, "other"),
    good.replace(`&state=${state}`, ""),
    `${good}&state=${state}`,
    `${good}&access_token=other`,
    `error=access_denied&state=${state}`,
    "error=access_denied&state=other",
    `access_token=&state=${state}`,
    good.replace("the-token", "a%0d%0ab"),
    good.replace("the-token", "%C3%A4"),
    good.replace("bearer", "mac"),
    good.replace("bearer", ""),
    good.replace("3600", "soon"),
    good.replace("3600", "-5"),
    good.replace("3600", "0"),
    good.replace("3600", "1e3"),
    good.replace("3600", "316224001"),
    good.replace("3600", "9".repeat(400)),
    good.replace("account+email", "account%0d%0aemail"),
    good.replace("scope=account+email", "scopes=%C3%A4"),
    `${good}&x=${"x".repeat(20_000)}`,
  ])("refuses %s, as core does", (fragment) => {
    const verdict = pageVerdict(fragment);
    expect(verdict).toHaveProperty("code");
    expect(verdict).toEqual(coreVerdict(fragment));
  });

  it("agrees with core on generated callbacks", () => {
    const name = fc.constantFrom(
      "access_token",
      "token_type",
      "expires_in",
      "scope",
      "scopes",
      "state",
      "error",
    );
    const value = fc.oneof(
      fc.constantFrom(
        "",
        state,
        "bearer",
        "mac",
        "3600",
        "0",
        "-1",
        "1.5",
        "99999999999",
        "a b",
        "ä",
        "access_denied",
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    const fields = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 });
    fc.assert(
      fc.property(fields, (extra) => {
        const parameters = new URLSearchParams(good);
        for (const [key, text] of extra) parameters.set(key, text);
        const fragment = parameters.toString();
        expect(pageVerdict(fragment)).toEqual(coreVerdict(fragment));
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
