import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { requestClientCredentials } from "../../src/grants/client-credentials.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch } from "./grant-cases.ts";

describe("requestClientCredentials()", () => {
  it("posts nothing but the grant, and gives a token without a refresh token", async () => {
    const network = grantingFetch({ refresh_token: undefined });
    const tokens = await requestClientCredentials(grantOptions(network.fetch));
    expect(postedForm(network)).toEqual({ grant_type: "client_credentials" });
    expect(network.requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("the-key:the-secret")}`);
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access-1", undefined]);
  });

  it("passes on why Bitbucket does not like the consumer", async () => {
    const { fetch } = refusingFetch("invalid_request", "No callback uri defined for the OAuth client.");
    await expect(requestClientCredentials(grantOptions(fetch))).rejects.toMatchObject({
      code: "token_request_rejected",
      action: "fix_config",
      description: expect.stringContaining("No callback uri defined") as string,
    });
  });

  it.each(["clientId", "clientSecret"])("sends nothing without %s", async (option) => {
    const network = grantingFetch();
    const request = requestClientCredentials({ ...grantOptions(network.fetch), [option]: "" });
    await expect(request).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});
