import { assertNoRefreshTokenReuse, assertNoViolations, assertRefreshed } from "@bitbucket-auth/testing/node";
import { AuthorizationCode } from "simple-oauth2";
import { describe, expect, it } from "vitest";
import { grantAccess, servedBitbucket, whoIs } from "./served-bitbucket.ts";

describe("simple-oauth2", () => {
  it("signs in and refreshes", async () => {
    const bitbucket = await servedBitbucket();
    const { mock, callbackUrl: redirect_uri } = bitbucket;
    // HTTP Basic is its default. The answer to a sign-in has to be JSON by its content type, which Bitbucket's is.
    const client = new AuthorizationCode({
      client: { id: bitbucket.clientId, secret: bitbucket.clientSecret },
      auth: {
        tokenHost: new URL(bitbucket.tokenUrl).origin,
        tokenPath: "/site/oauth2/access_token",
        authorizePath: "/site/oauth2/authorize",
      },
    });

    const page = client.authorizeURL({ redirect_uri, state: "an unguessable state" });
    const callback = await grantAccess(page);
    expect(callback.searchParams.get("state")).toBe("an unguessable state");
    const code = callback.searchParams.get("code") ?? "";
    const first = await client.getToken({ code, redirect_uri });
    expect(await whoIs(bitbucket, first.token.access_token)).toBe("alice");

    const second = await first.refresh();
    const third = await second.refresh();

    expect(new Set([first, second, third].map(({ token }) => token.refresh_token)).size).toBe(3);
    expect(await whoIs(bitbucket, third.token.access_token)).toBe("alice");
    assertRefreshed(mock, 2);
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
  });
});
