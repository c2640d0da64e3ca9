import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { exchangeAuthorizationCode } from "../../src/grants/authorization-code.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch, rejectionOf } from "./grant-cases.ts";

describe("exchangeAuthorizationCode()", () => {
  it("posts code, redirect URI and verifier, and gives the tokens", async () => {
    const network = grantingFetch();
    const tokens = await exchangeAuthorizationCode({
      ...grantOptions(network.fetch),
      code: "the-code",
      redirectUri: "http://localhost:3000/callback",
      codeVerifier: "the-verifier",
    });
    expect(postedForm(network)).toEqual({
      grant_type: "authorization_code",
      code: "the-code",
      redirect_uri: "http://localhost:3000/callback",
      code_verifier: "the-verifier",
    });
    expect(tokens.accessToken).toBe("access-1");
    expect(tokens.refreshToken).toBe("refresh-1");
    expect(tokens.expiresAt).toBe(1_000_000 + 7_200_000);
    expect(tokens.scopes).toEqual(["account", "repository"]);
  });

  it("leaves out what was not in the first leg", async () => {
    const network = grantingFetch();
    await exchangeAuthorizationCode({ ...grantOptions(network.fetch), code: "the-code" });
    expect(postedForm(network)).toEqual({ grant_type: "authorization_code", code: "the-code" });
  });

  it("asks to sign in again when the code is spent", async () => {
    const { fetch } = refusingFetch("invalid_grant", "The specified code is not valid.");
    await expect(exchangeAuthorizationCode({ ...grantOptions(fetch), code: "c" })).rejects.toMatchObject({
      code: "token_request_rejected",
      action: "reauthorize",
      oauthError: "invalid_grant",
      status: 400,
    });
  });

  it("blames the consumer when the consumer is refused", async () => {
    const { fetch } = refusingFetch("unauthorized_client");
    await expect(exchangeAuthorizationCode({ ...grantOptions(fetch), code: "c" })).rejects.toMatchObject({
      code: "token_request_rejected",
      action: "fix_config",
    });
  });

  it("repeats nothing that it sent", async () => {
    const { fetch } = refusingFetch("invalid_grant");
    const options = { ...grantOptions(fetch), code: "the-code", codeVerifier: "the-verifier" };
    const error = await rejectionOf(exchangeAuthorizationCode(options));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(
      /the-(?:code|verifier|secret)|dGhlLWtleT/,
    );
  });

  it("sends nothing without a code", async () => {
    const network = grantingFetch();
    const exchange = exchangeAuthorizationCode({ ...grantOptions(network.fetch), code: "" });
    await expect(exchange).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});
