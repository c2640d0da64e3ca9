import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { refreshTokens } from "../../src/grants/refresh-token.ts";
import { createFakeFetch, nodeFetchError } from "../fake-fetch.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch, rejectionOf } from "./grant-cases.ts";

describe("refreshTokens()", () => {
  it("posts the refresh token once and gives the new tokens", async () => {
    const network = grantingFetch({ access_token: "access-2", refresh_token: "refresh-2" });
    const tokens = await refreshTokens({ ...grantOptions(network.fetch), refreshToken: "refresh-1" });
    expect(postedForm(network)).toEqual({ grant_type: "refresh_token", refresh_token: "refresh-1" });
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access-2", "refresh-2"]);
  });

  it("keeps the old refresh token when no new one comes", async () => {
    const { fetch } = grantingFetch({ refresh_token: undefined });
    const tokens = await refreshTokens({ ...grantOptions(fetch), refreshToken: "refresh-1" });
    expect(tokens.refreshToken).toBe("refresh-1");
  });

  it("says for certain that a grant is dead when the answer does", async () => {
    const { fetch } = refusingFetch("invalid_grant");
    await expect(refreshTokens({ ...grantOptions(fetch), refreshToken: "r-1" })).rejects.toMatchObject({
      code: "refresh_rejected",
      certainty: "certain",
      action: "reauthorize",
    });
  });

  it("says probably when the answer also fits a wrong secret", async () => {
    const { fetch } = refusingFetch("unauthorized_client", "Invalid OAuth client credentials");
    await expect(refreshTokens({ ...grantOptions(fetch), refreshToken: "r-1" })).rejects.toMatchObject({
      code: "refresh_rejected",
      certainty: "probable",
    });
  });

  it("rejects with a transient error when the server is not there", async () => {
    const { fetch, requests } = createFakeFetch(nodeFetchError("ECONNREFUSED"));
    const error = await rejectionOf(refreshTokens({ ...grantOptions(fetch), refreshToken: "r-1" }));
    expect(error).toMatchObject({ code: "token_request_failed", transient: true });
    expect(error).not.toHaveProperty("cause");
    expect(requests).toHaveLength(1);
  });

  it("repeats nothing that it sent", async () => {
    const { fetch } = refusingFetch("unauthorized_client");
    const error = await rejectionOf(refreshTokens({ ...grantOptions(fetch), refreshToken: "the-refresh" }));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/the-(?:refresh|secret)|dGhlLWtleT/);
  });

  it("sends nothing without a refresh token", async () => {
    const network = grantingFetch();
    const refresh = refreshTokens({ ...grantOptions(network.fetch), refreshToken: "" });
    await expect(refresh).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});
