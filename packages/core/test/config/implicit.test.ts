import { readImplicitCallback } from "../../src/config/legacy-grants.ts";
import { InvalidOptionsError } from "../../src/errors.ts";
import { describe, expect, it } from "vitest";

const options = { state: "the-state", clock: { now: () => 1_000_000 } };
const good = "access_token=the-token&token_type=bearer&expires_in=3600&scope=account+email&state=the-state";

function codeOf(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return undefined;
}

describe("readImplicitCallback()", () => {
  it.each([
    `https://app.test/callback#${good}`,
    new URL(`https://app.test/callback?state=other#${good}`),
    `/callback#${good}`,
    `#${good}`,
    good,
  ])("reads the token from %s", (fragmentOrUrl) => {
    const tokens = readImplicitCallback(fragmentOrUrl, options);
    expect(tokens.accessToken).toBe("the-token");
    expect(tokens.expiresAt).toBe(1_000_000 + 3_600_000);
    expect(tokens.scopes).toEqual(["account", "email"]);
  });

  it("ignores a refresh token, which does not belong there", () => {
    expect(readImplicitCallback(`${good}&refresh_token=r`, options).refreshToken).toBeUndefined();
  });

  it.each([
    ["another state", good.replace("the-state", "other"), "state_mismatch"],
    ["no state", good.replace("&state=the-state", ""), "state_mismatch"],
    ["two states", `${good}&state=the-state`, "authorization_callback_invalid"],
    ["two tokens", `${good}&access_token=other`, "authorization_callback_invalid"],
    ["a refusal", "error=access_denied&state=the-state", "authorization_denied"],
    ["a stranger's refusal", "error=access_denied&state=other", "state_mismatch"],
    ["no token", "token_type=bearer&state=the-state", "token_response_invalid"],
    ["a token with a line break", good.replace("the-token", "a%0d%0ab"), "token_response_invalid"],
    ["another token type", good.replace("bearer", "mac"), "token_response_invalid"],
    ["a lifetime that is no number", good.replace("3600", "soon"), "token_response_invalid"],
    ["a lifetime below zero", good.replace("3600", "-5"), "token_response_invalid"],
    ["a lifetime with a unit", good.replace("3600", "3600s"), "token_response_invalid"],
    ["a lifetime with a sign", good.replace("3600", "%2B3600"), "token_response_invalid"],
    ["an endless lifetime", good.replace("3600", "9".repeat(400)), "token_response_invalid"],
    ["tokens in the query", `https://app.test/callback?${good}`, "state_mismatch"],
    ["nothing", "", "state_mismatch"],
    ["far too much", `${good}&x=${"x".repeat(20_000)}`, "authorization_callback_invalid"],
  ])("refuses %s", (_title, fragment, code) => {
    expect(codeOf(() => readImplicitCallback(fragment, options))).toBe(code);
  });

  it("does not accept an empty state as the expected one", () => {
    expect(() => readImplicitCallback("access_token=a&state=", { state: "" })).toThrow(InvalidOptionsError);
  });

  it("takes two hours for a lifetime that is not told", () => {
    const tokens = readImplicitCallback(good.replace("&expires_in=3600", ""), options);
    expect(tokens.expiresAt).toBe(1_000_000 + 7_200_000);
  });

  it("says what is wrong with the token, and does not show it", () => {
    expect(() => readImplicitCallback(good.replace("bearer", "mac"), options)).toThrow(
      "The callback's fragment is not a token response: token_type missing or malformed.",
    );
  });

  it("repeats neither the state nor a token in the words of a refusal", () => {
    const words = encodeURIComponent("no the-state and no the-token at all");
    const refusal = `error=server_error&error_description=${words}&state=the-state&access_token=the-token`;
    expect(() => readImplicitCallback(refusal, options)).toThrow(
      expect.objectContaining({ description: "no [redacted] and no [redacted] at all" }),
    );
  });

  it("repeats a refusal word for word when there is nothing secret in it", () => {
    const words = encodeURIComponent("The server is tired.");
    expect(() =>
      readImplicitCallback(`error=server_error&error_description=${words}&state=the-state`, options),
    ).toThrow(expect.objectContaining({ description: "The server is tired." }));
  });
});
