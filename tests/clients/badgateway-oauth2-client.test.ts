import { generateCodeVerifier, OAuth2Client } from "@badgateway/oauth2-client";
import { assertNoRefreshTokenReuse, assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import { describe, expect, it } from "vitest";
import { grantAccess, servedBitbucket, whoIs } from "./served-bitbucket.ts";

describe("@badgateway/oauth2-client", () => {
  it("signs in and refreshes", async () => {
    const bitbucket = await servedBitbucket();
    const { mock, clientId, clientSecret, callbackUrl: redirectUri } = bitbucket;
    // Basic is its default as well, but one that encodes `:` and nothing else: this secret would arrive as another.
    const client = new OAuth2Client({
      clientId,
      clientSecret,
      authorizationEndpoint: bitbucket.authorizeUrl,
      tokenEndpoint: bitbucket.tokenUrl,
      authenticationMethod: "client_secret_basic",
    });

    const codeVerifier = await generateCodeVerifier();
    const state = "an unguessable state";
    const page = await client.authorizationCode.getAuthorizeUri({ redirectUri, state, codeVerifier });
    const callback = await grantAccess(page);
    const first = await client.authorizationCode.getTokenFromCodeRedirect(callback, {
      redirectUri,
      state,
      codeVerifier,
    });
    expect(await whoIs(bitbucket, first.accessToken)).toBe("alice");

    const second = await client.refreshToken(first);
    const third = await client.refreshToken(second);

    expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(await whoIs(bitbucket, third.accessToken)).toBe("alice");
    assertRefreshed(mock, 2);
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
  });
});
