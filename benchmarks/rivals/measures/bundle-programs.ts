/**
 * A program for each package that makes an authorize address, exchanges a code and refreshes: what is bundled and weighed.
 * Nothing of it runs; what comes from `globalThis` keeps the bundler from leaving anything out.
 */
export const bundlePrograms: Readonly<Record<string, string>> = {
  "@bitbucket-auth/core (plain functions)": `
    import { buildAuthorizationUrl, createAuthorizationTransaction, exchangeAuthorizationCode,
      readAuthorizationCallback, refreshTokens } from "@bitbucket-auth/core";
    const transaction = await createAuthorizationTransaction(globalThis.options);
    globalThis.result = [
      buildAuthorizationUrl(globalThis.options),
      await exchangeAuthorizationCode(readAuthorizationCallback(globalThis.callback, transaction), globalThis.options),
      await refreshTokens(globalThis.token, globalThis.options),
    ];`,
  "@bitbucket-auth/core (createBitbucketAuth)": `
    import { createBitbucketAuth } from "@bitbucket-auth/core";
    globalThis.result = createBitbucketAuth(globalThis.options);`,
  "@badgateway/oauth2-client": `
    import { OAuth2Client } from "@badgateway/oauth2-client";
    const client = new OAuth2Client(globalThis.options);
    globalThis.result = [
      await client.authorizationCode.getAuthorizeUri({ redirectUri: "https://app.example", state: "s" }),
      await client.authorizationCode.getTokenFromCodeRedirect("https://app.example", { redirectUri: "https://app.example" }),
      await client.refreshToken(globalThis.token),
    ];`,
  oauth4webapi: `
    import * as oauth from "oauth4webapi";
    const { server, client, secret, callback } = globalThis.options;
    const authentication = oauth.ClientSecretBasic(secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const page = new URL(server.authorization_endpoint);
    page.searchParams.set("code_challenge", await oauth.calculatePKCECodeChallenge(verifier));
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    globalThis.result = [
      page,
      await oauth.processAuthorizationCodeResponse(server, client,
        await oauth.authorizationCodeGrantRequest(server, client, authentication, parameters, "https://app.example", verifier)),
      await oauth.processRefreshTokenResponse(server, client,
        await oauth.refreshTokenGrantRequest(server, client, authentication, globalThis.token)),
    ];`,
  "openid-client": `
    import * as client from "openid-client";
    const config = new client.Configuration(globalThis.options, "id", "secret", client.ClientSecretBasic("secret"));
    const verifier = client.randomPKCECodeVerifier();
    globalThis.result = [
      client.buildAuthorizationUrl(config, { state: client.randomState(), code_challenge: await client.calculatePKCECodeChallenge(verifier) }),
      await client.authorizationCodeGrant(config, new URL(globalThis.callback), { pkceCodeVerifier: verifier, expectedState: "s" }),
      await client.refreshTokenGrant(config, globalThis.token),
    ];`,
  arctic: `
    import { Bitbucket, generateState } from "arctic";
    const bitbucket = new Bitbucket("id", "secret", "https://app.example");
    globalThis.result = [
      bitbucket.createAuthorizationURL(generateState(), []),
      await bitbucket.validateAuthorizationCode("code"),
      await bitbucket.refreshAccessToken("token"),
    ];`,
  "@octokit/auth-oauth-user": `
    import { createOAuthUserAuth } from "@octokit/auth-oauth-user";
    const auth = createOAuthUserAuth(globalThis.options);
    globalThis.result = [await auth(), await auth({ type: "refresh" })];`,
  "@octokit/oauth-app": `
    import { OAuthApp } from "@octokit/oauth-app";
    const app = new OAuthApp(globalThis.options);
    globalThis.result = [
      app.getWebFlowAuthorizationUrl({ state: "s" }),
      await app.createToken({ code: "code" }),
      await app.refreshToken({ refreshToken: "token" }),
    ];`,
  "passport-oauth2": `
    import Strategy from "passport-oauth2";
    globalThis.result = new Strategy(globalThis.options, () => undefined);`,
  "@slack/oauth": `
    import { InstallProvider } from "@slack/oauth";
    const installer = new InstallProvider(globalThis.options);
    globalThis.result = [
      await installer.generateInstallUrl({ scopes: [] }),
      await installer.handleCallback(globalThis.request, globalThis.response),
      await installer.authorize(globalThis.query),
    ];`,
  "@azure/msal-node": `
    import { ConfidentialClientApplication } from "@azure/msal-node";
    const app = new ConfidentialClientApplication(globalThis.options);
    globalThis.result = [
      await app.getAuthCodeUrl({ redirectUri: "https://app.example", scopes: [] }),
      await app.acquireTokenByCode({ code: "code", redirectUri: "https://app.example", scopes: [] }),
      await app.acquireTokenByRefreshToken({ refreshToken: "token", scopes: [] }),
    ];`,
  "client-oauth2": `
    import ClientOAuth2 from "client-oauth2";
    const client = new ClientOAuth2(globalThis.options);
    globalThis.result = [
      client.code.getUri(),
      await client.code.getToken("https://app.example"),
      await client.createToken("a", "r", "bearer", {}).refresh(),
    ];`,
  "simple-oauth2": `
    import { AuthorizationCode } from "simple-oauth2";
    const client = new AuthorizationCode(globalThis.options);
    globalThis.result = [
      client.authorizeURL({ redirect_uri: "https://app.example", state: "s" }),
      await client.getToken({ code: "code", redirect_uri: "https://app.example" }),
      await client.createToken(globalThis.token).refresh(),
    ];`,
  "google-auth-library": `
    import { OAuth2Client } from "google-auth-library";
    const client = new OAuth2Client(globalThis.options);
    globalThis.result = [
      client.generateAuthUrl({ access_type: "offline" }),
      await client.getToken("code"),
      await client.refreshAccessToken(),
    ];`,
};
