import { assertNoRefreshTokenReuse, assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import * as client from "openid-client";
import { describe, expect, it } from "vitest";
import { grantAccess, servedBitbucket, whoIs } from "./served-bitbucket.ts";

describe("openid-client", () => {
  it("signs in and refreshes", async () => {
    const bitbucket = await servedBitbucket();
    const { mock, callbackUrl: redirect_uri } = bitbucket;
    // Bitbucket is no OpenID provider: no discovery, no id_token. Without the last argument the secret goes into the form,
    // where Bitbucket does not look.
    const config = new client.Configuration(
      {
        issuer: "https://bitbucket.org",
        authorization_endpoint: bitbucket.authorizeUrl,
        token_endpoint: bitbucket.tokenUrl,
      },
      bitbucket.clientId,
      bitbucket.clientSecret,
      client.ClientSecretBasic(bitbucket.clientSecret),
    );
    client.allowInsecureRequests(config); // for the fake only

    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const page = client.buildAuthorizationUrl(config, {
      redirect_uri,
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    const first = await client.authorizationCodeGrant(config, await grantAccess(page), {
      pkceCodeVerifier,
      expectedState,
    });
    expect(await whoIs(bitbucket, first.access_token)).toBe("alice");

    const second = await client.refreshTokenGrant(config, first.refresh_token ?? "");
    const third = await client.refreshTokenGrant(config, second.refresh_token ?? "");

    expect(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size).toBe(3);
    expect(await whoIs(bitbucket, third.access_token)).toBe("alice");
    assertRefreshed(mock, 2);
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
  });

  it("is refused with the secret in the form, which is its default", async () => {
    const { mock, tokenUrl: token_endpoint, clientId, clientSecret } = await servedBitbucket();
    const server = { issuer: "https://bitbucket.org", token_endpoint };
    const config = new client.Configuration(server, clientId, clientSecret);
    client.allowInsecureRequests(config);
    const { refreshToken = "" } = mock.issueGrant().tokens;

    await expect(client.refreshTokenGrant(config, refreshToken)).rejects.toMatchObject({
      error: "unauthorized_client",
    });
    expect(mock.violations).toHaveLength(1);
  });
});
