import { describe, expect, it } from "vitest";
import {
  codeChallengeOf,
  createAuthorizationTransaction,
} from "../../src/authorization/authorization-transaction.ts";
import { buildAuthorizationUrl } from "../../src/authorization/authorization-url.ts";
import { bitbucketCloud } from "../../src/bitbucket-endpoints.ts";
import { InvalidOptionsError } from "../../src/errors.ts";

const redirectUri = "http://localhost:3000/auth/bitbucket/callback?a=b c";
const transaction = createAuthorizationTransaction({ redirectUri });

describe("buildAuthorizationUrl()", () => {
  it("leads to Bitbucket's consent page with state, redirect URI and PKCE challenge", async () => {
    const url = new URL(await buildAuthorizationUrl({ clientId: "the key&", transaction }));
    expect(url.origin + url.pathname).toBe(bitbucketCloud.authorizationUrl);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "the key&",
      state: transaction.state,
      redirect_uri: redirectUri,
      code_challenge: await codeChallengeOf(transaction.codeVerifier),
      code_challenge_method: "S256",
    });
  });

  it("never shows the verifier", async () => {
    expect(await buildAuthorizationUrl({ clientId: "key", transaction })).not.toContain(
      transaction.codeVerifier,
    );
  });

  it("leaves out the redirect URI when there is none, and asks for scopes when there are any", async () => {
    const url = await buildAuthorizationUrl({
      clientId: "key",
      transaction: createAuthorizationTransaction(),
      scopes: ["account", "email"],
    });
    const { searchParams } = new URL(url);
    expect(searchParams.has("redirect_uri")).toBe(false);
    expect(searchParams.get("scope")).toBe("account email");
  });

  it("keeps what the endpoint's URL says and owns what the sign-in says", async () => {
    const authorizationUrl =
      "https://login.test/authorize?tenant=1&state=forged&state=twice&redirect_uri=https://evil.test&scope=admin#x";
    const url = new URL(
      await buildAuthorizationUrl({
        clientId: "key",
        transaction: createAuthorizationTransaction(),
        authorizationUrl,
      }),
    );
    expect(url.searchParams.get("tenant")).toBe("1");
    expect(url.searchParams.getAll("state")).toHaveLength(1);
    expect(url.href).not.toMatch(/forged|evil|admin|#/);
  });

  it.each(["http://login.test/authorize", "javascript:alert(1)", "/authorize"])(
    "refuses to send anybody to %s",
    async (authorizationUrl) => {
      const building = buildAuthorizationUrl({ clientId: "key", transaction, authorizationUrl });
      await expect(building).rejects.toThrow(InvalidOptionsError);
    },
  );

  it("refuses an empty client id", async () => {
    await expect(buildAuthorizationUrl({ clientId: "", transaction })).rejects.toThrow(InvalidOptionsError);
  });
});
