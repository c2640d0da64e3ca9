import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InvalidOptionsError } from "../../src/errors.ts";
import { exchangeConnectJwt } from "../../src/grants/connect-jwt.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch, rejectionOf } from "./grant-cases.ts";

describe("exchangeConnectJwt()", () => {
  it("sends the JWT in the header and the grant in the form", async () => {
    const network = grantingFetch({ refresh_token: undefined });
    const tokens = await exchangeConnectJwt({ ...grantOptions(network.fetch), jwt: "a.b.c" });
    expect(network.requests[0]?.headers.get("authorization")).toBe("JWT a.b.c");
    expect(postedForm(network)).toEqual({ grant_type: "urn:bitbucket:oauth2:jwt" });
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(["access-1", undefined]);
  });

  it("narrows the token when asked to", async () => {
    const network = grantingFetch();
    const restrictions = { scope: "repository", repository: "team/repo" };
    await exchangeConnectJwt({ ...grantOptions(network.fetch), jwt: "a.b.c", ...restrictions });
    expect(postedForm(network)).toMatchObject({ scope: "repository", bitbucket_repository: "team/repo" });
  });

  it("does not repeat the JWT", async () => {
    const { fetch } = refusingFetch("unauthorized_client");
    const error = await rejectionOf(exchangeConnectJwt({ ...grantOptions(fetch), jwt: "the.signed.jwt" }));
    expect(error).toMatchObject({ code: "token_request_rejected", action: "fix_config" });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain("the.signed.jwt");
  });

  it.each(["", "a b", "a.b.c\r\nx-injected: 1", "ä"])("sends nothing for %j", async (jwt) => {
    const network = grantingFetch();
    const exchange = exchangeConnectJwt({ ...grantOptions(network.fetch), jwt });
    await expect(exchange).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});
