import { assertNoRefreshTokenReuse, assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import * as oauth from "oauth4webapi";
import { describe, expect, it } from "vitest";
import { grantAccess, servedBitbucket, whoIs, type ServedBitbucket } from "./served-bitbucket.ts";

// Bitbucket publishes no metadata, so its addresses are written down. It wants HTTP Basic.
function configure(bitbucket: ServedBitbucket) {
  const server: oauth.AuthorizationServer = {
    issuer: "https://bitbucket.org",
    authorization_endpoint: bitbucket.authorizeUrl,
    token_endpoint: bitbucket.tokenUrl,
  };
  const client: oauth.Client = { client_id: bitbucket.clientId };
  const authentication = oauth.ClientSecretBasic(bitbucket.clientSecret);
  const overHttp = { [oauth.allowInsecureRequests]: true } as const; // for the fake only
  return { server, client, authentication, overHttp };
}

describe("oauth4webapi", () => {
  it("signs in and refreshes", async () => {
    const bitbucket = await servedBitbucket();
    const { mock, callbackUrl } = bitbucket;
    const { server, client, authentication, overHttp } = configure(bitbucket);

    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const page = new URL(bitbucket.authorizeUrl);
    page.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: callbackUrl,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    }).toString();
    const callback = oauth.validateAuthResponse(server, client, await grantAccess(page), state);
    const first = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        callback,
        callbackUrl,
        verifier,
        overHttp,
      ),
    );
    expect(await whoIs(bitbucket, first.access_token)).toBe("alice");

    const refresh = async ({ refresh_token = "" }: oauth.TokenEndpointResponse) =>
      oauth.processRefreshTokenResponse(
        server,
        client,
        await oauth.refreshTokenGrantRequest(server, client, authentication, refresh_token, overHttp),
      );
    const second = await refresh(first);
    const third = await refresh(second);

    expect(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size).toBe(3);
    expect(await whoIs(bitbucket, third.access_token)).toBe("alice");
    assertRefreshed(mock, 2);
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
  });

  it("needs token_type put in where Bitbucket leaves it out", async () => {
    const bitbucket = await servedBitbucket({ profile: { tokenTypeField: "absent" } });
    const { server, client, authentication, overHttp } = configure(bitbucket);
    const refresh = async (options: oauth.TokenEndpointRequestOptions) => {
      const { refreshToken } = bitbucket.mock.issueGrant().tokens;
      const answer = await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        refreshToken ?? "",
        options,
      );
      return oauth.processRefreshTokenResponse(server, client, answer);
    };
    const withTokenType: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      const body = (await answer.json()) as object;
      return Response.json({ token_type: "bearer", ...body }, { status: answer.status });
    };

    await expect(refresh(overHttp)).rejects.toMatchObject({ code: oauth.INVALID_RESPONSE });
    const tokens = await refresh({ ...overHttp, [oauth.customFetch]: withTokenType });

    expect(await whoIs(bitbucket, tokens.access_token)).toBe("alice");
  });
});
