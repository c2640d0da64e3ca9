import { InvalidOptionsError } from "../../src/errors.ts";
import { parsePlainTokens } from "../../src/token-endpoint/response.ts";
import { describe, expect, it } from "vitest";

const tokens = { accessToken: "access-1", expiresAt: 1_800_000_000_000 };

function problemOf(value: unknown): Error {
  try {
    parsePlainTokens(value);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error;
    throw error;
  }
  throw new Error("taken, where a refusal was expected");
}

describe("parsePlainTokens()", () => {
  it("takes the least, and calls the type bearer", () => {
    expect(parsePlainTokens(tokens)).toEqual({ ...tokens, tokenType: "bearer" });
    expect(parsePlainTokens({ ...tokens, tokenType: "Bearer" })).toEqual({ ...tokens, tokenType: "bearer" });
  });

  it("takes an instant of long ago, and of a clock that began at 0", () => {
    const instants = [0, 7_200_000, 100_000_000_000, 1_000_000_000_000];
    expect(instants.map((expiresAt) => parsePlainTokens({ ...tokens, expiresAt }).expiresAt)).toEqual(
      instants,
    );
  });

  it("keeps a refresh token and scopes, and nothing that it does not know", () => {
    const more = { ...tokens, refreshToken: "refresh-1", scopes: ["account", "repository:write"] };
    expect(parsePlainTokens({ ...more, other: 1 })).toEqual({ ...more, tokenType: "bearer" });
  });

  it.each([
    ["accessToken", ""],
    ["accessToken", "two words"],
    ["accessToken", " access-1"],
    ["accessToken", "access-1\n"],
    ["accessToken", 5],
    ["accessToken", undefined],
    ["refreshToken", "ü"],
    ["refreshToken", null],
    ["expiresAt", -1],
    ["expiresAt", "1800000000000"],
    ["expiresAt", Number.NaN],
    ["expiresAt", undefined],
    ["expiresAt", 1_000_000_000],
    ["expiresAt", 1_800_000_000],
    ["expiresAt", 1_800_000_000.5],
    ["scopes", "account"],
    ["scopes", ["account repository"]],
    ["scopes", [""]],
    ["scopes", [" account"]],
    ["tokenType", "mac"],
    ["tokenType", "bearer token"],
    ["tokenType", "a bearer"],
  ])("names the field at fault, and shows no value: %s %j", (field, value) => {
    const { message } = problemOf({ ...tokens, [field]: value });
    expect(message).toContain(`These are not tokens: look at ${field}. Wanted: { accessToken, `);
    expect(message).not.toContain("access-1");
  });

  it("names each field once when several are at fault", () => {
    const { message } = problemOf({ accessToken: 1, expiresAt: "soon", scopes: ["a b", "c d"] });
    expect(message).toContain("look at accessToken, expiresAt, scopes. Wanted");
  });

  it.each(["refresh_token", "expires_in", "scope"])(
    "does not lose what a token response calls %s",
    (name) => {
      const { message } = problemOf({ ...tokens, [name]: "refresh-1" });
      expect(message).toContain(`\`${name}\` is how a token response spells it. Wanted: { accessToken, `);
      expect(message).not.toContain("refresh-1");
    },
  );

  it.each([undefined, null, "access-1", 7])("says that %j is no tokens at all", (value) => {
    expect(problemOf(value).message).toContain("look at tokens. Wanted");
  });
});
