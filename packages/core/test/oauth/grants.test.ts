import { readImplicitCallback, requestPassword } from "../../src/config/legacy-grants.ts";
import { bitbucketCloud } from "../../src/environment.ts";
import { InvalidOptionsError } from "../../src/errors.ts";
import {
  exchangeAuthorizationCode,
  requestClientCredentials,
  exchangeConnectJwt,
  requestAsConsumer,
  refreshTokens,
} from "../../src/token-endpoint/grants.ts";
import { createFakeFetch, jsonResponse, nodeFetchError } from "../fake-fetch.ts";
import { rejectionOf } from "../promises.ts";
import { grantingFetch, grantOptions, postedForm, refusingFetch } from "./grant-cases.ts";
import { inspect } from "node:util";
import { describe, expect, it, afterEach, vi } from "vitest";

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

const form = { grant_type: "client_credentials" } as const;
const consumer = { clientId: "the-key", clientSecret: "the-secret" };

describe("requestAsConsumer()", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("goes to Bitbucket when no other server is named", async () => {
    const { fetch, requests } = grantingFetch();
    await requestAsConsumer(form, { ...consumer, fetch });
    expect(requests.map(({ url }) => url)).toEqual([bitbucketCloud.tokenUrl]);
  });

  it("uses the global fetch of the moment when no other is given", async () => {
    const { fetch, requests } = grantingFetch();
    vi.stubGlobal("fetch", fetch);
    await requestAsConsumer(form, consumer);
    expect(requests).toHaveLength(1);
  });

  it("rejects with what the answer means", async () => {
    const { fetch } = createFakeFetch(jsonResponse({}, { status: 503, headers: { "retry-after": "5" } }));
    await expect(requestAsConsumer(form, grantOptions(fetch))).rejects.toMatchObject({
      code: "token_request_failed",
      retryAt: 1_005_000,
    });
  });

  it("rejects when its signal is aborted meanwhile", async () => {
    const caller = new AbortController();
    const { fetch } = createFakeFetch(() => new Promise<Response>(() => caller.abort()));
    await expect(
      requestAsConsumer(form, { ...grantOptions(fetch), signal: caller.signal }),
    ).rejects.toMatchObject({ code: "token_request_failed" });
  });

  it("sends credentials to no insecure place", async () => {
    const { fetch, requests } = grantingFetch();
    const request = requestAsConsumer(form, {
      ...grantOptions(fetch),
      tokenUrl: "http://bitbucket.test/token",
    });
    await expect(request).rejects.toThrow(InvalidOptionsError);
    expect(requests).toHaveLength(0);
  });
});

type Options = ReturnType<typeof grantOptions>;

describe("a grant without what it needs", () => {
  it.each<readonly [string, (options: Options) => Promise<unknown>]>([
    ["code is missing.", (options) => exchangeAuthorizationCode({ ...options, code: "" })],
    ["refreshToken is missing.", (options) => refreshTokens({ ...options, refreshToken: "" })],
    ["username is missing.", (options) => requestPassword({ ...options, username: "", password: "p" })],
    ["password is missing.", (options) => requestPassword({ ...options, username: "ann", password: "" })],
    ["jwt is missing.", (options) => exchangeConnectJwt({ ...options, jwt: "" })],
    ["jwt is not a JWT.", (options) => exchangeConnectJwt({ ...options, jwt: "two words" })],
    ["state is missing.", async () => readImplicitCallback("access_token=a&state=", { state: "" })],
  ])("sends nothing and says: %s", async (message, call) => {
    const { fetch, requests } = grantingFetch();
    const error = await rejectionOf(call(grantOptions(fetch)));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error).toMatchObject({ message });
    expect(requests).toEqual([]);
  });
});

const user = { username: "ada", password: "p&ss wörd" };

describe("requestPassword()", () => {
  it("posts name and password", async () => {
    const network = grantingFetch();
    const tokens = await requestPassword({ ...grantOptions(network.fetch), ...user });
    expect(postedForm(network)).toEqual({ grant_type: "password", ...user });
    expect(tokens.refreshToken).toBe("refresh-1");
  });

  it("says that Bitbucket dropped the grant, and what to use", async () => {
    const { fetch } = refusingFetch("unsupported_grant_type");
    await expect(requestPassword({ ...grantOptions(fetch), ...user })).rejects.toMatchObject({
      code: "token_request_rejected",
      action: "fix_config",
      message: expect.stringMatching(/no longer supports the password grant.*authorization code/) as string,
    });
  });

  it("does not repeat the password", async () => {
    const { fetch } = refusingFetch("invalid_grant", user.password);
    const error = await rejectionOf(requestPassword({ ...grantOptions(fetch), ...user }));
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/p&ss|p%26ss/);
  });

  it.each(["username", "password"])("sends nothing without %s", async (option) => {
    const network = grantingFetch();
    const request = requestPassword({ ...grantOptions(network.fetch), ...user, [option]: "" });
    await expect(request).rejects.toThrow(InvalidOptionsError);
    expect(network.requests).toHaveLength(0);
  });
});

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
