import { describe, expect, it } from "vitest";
import { resolveProfile } from "../src/fake/profiles.ts";
import { createBitbucketMock, profiles, type ProfileName, type ProfileOverrides } from "../src/index.ts";
import { recordedTokenErrors as recorded } from "./recorded.ts";
import { callApi, postToken, refresh, reply } from "./token-request.ts";

const redirectTo = (url: string): ProfileOverrides => ({
  redirectUri: url === "prefix" ? "prefix" : "exact",
});

describe("resolveProfile()", () => {
  it("is cloud-2026 when nothing is said", () => {
    expect(resolveProfile()).toBe(profiles["cloud-2026"]);
  });

  it("turns single knobs of a base", () => {
    expect(resolveProfile({ base: "strict", leewayMs: 5 })).toEqual({ ...profiles.strict, leewayMs: 5 });
  });

  it("refuses a name that stands for nothing", () => {
    // As a program without types could say it.
    const unknown: unknown = JSON.parse('["cloud-2025", { "base": "lenient" }]');
    const [name, overrides] = unknown as [ProfileName, ProfileOverrides];
    expect(() => resolveProfile(name)).toThrow("There is no profile cloud-2025. Known are cloud-2026, ");
    expect(() => resolveProfile(overrides)).toThrow("There is no profile lenient.");
  });
});

describe("profile knobs", () => {
  it.each(["cloud-2026", "cloud-legacy", "strict"] as const)(
    "takes credentials in the form: %s",
    async (profile) => {
      const mock = createBitbucketMock({ profile });
      const { clientId: client_id, clientSecret: client_secret } = mock.consumers[0] ?? {};
      const fields = { grant_type: "client_credentials", client_id, client_secret };
      expect((await postToken(mock, fields, {})).status).toBe(200);
      expect(mock.violations).toEqual([]);
    },
  );

  it("refreshTokens: fixed gives the same one again and again", async () => {
    const mock = createBitbucketMock({ profile: { refreshTokens: "fixed" } });
    const { refreshToken } = mock.issueGrant().tokens;
    expect((await refresh(mock, refreshToken)).body.refresh_token).toBe(refreshToken);
    expect((await refresh(mock, refreshToken)).body.refresh_token).toBe(refreshToken);
  });

  it("refreshTokens: fixed-and-omitted leaves it out and goes on taking it", async () => {
    const mock = createBitbucketMock({ profile: { refreshTokens: "fixed-and-omitted" } });
    const { refreshToken } = mock.issueGrant().tokens;
    expect((await refresh(mock, refreshToken)).body).not.toHaveProperty("refresh_token");
    expect((await refresh(mock, refreshToken)).status).toBe(200);
  });

  it.each([
    ["unauthorized_client", JSON.parse(recorded.wrongCredentials)],
    ["invalid_request", JSON.parse(recorded.legacyRefreshToken)],
    ["invalid_grant", { error: "invalid_grant", error_description: "Invalid refresh_token" }],
  ] as const)("deadRefreshToken: %s", async (deadRefreshToken, body) => {
    const mock = createBitbucketMock({ profile: { deadRefreshToken } });
    expect(await refresh(mock, "never issued")).toEqual({ status: 400, body });
  });

  it("lockoutCovers: every-grant refuses client credentials too", async () => {
    const mock = createBitbucketMock({ profile: { lockoutCovers: "every-grant" } });
    await refresh(mock, "never issued");
    expect((await postToken(mock, { grant_type: "client_credentials" })).status).toBe(400);
  });

  it("lockoutCovers: refresh does not", async () => {
    const mock = createBitbucketMock();
    await refresh(mock, "never issued");
    expect((await postToken(mock, { grant_type: "client_credentials" })).status).toBe(200);
  });

  it("companionRevoked: false lets an access token live its two hours", async () => {
    const mock = createBitbucketMock({ profile: { companionRevoked: false, leewayMs: 0 } });
    const { tokens } = mock.issueGrant();
    await refresh(mock, tokens.refreshToken);
    await mock.clock.advance("119m");
    expect((await callApi(mock, "/2.0/user", tokens.accessToken)).status).toBe(200);
  });

  it("idleLifeMs: null never lets a refresh token idle too long", async () => {
    const mock = createBitbucketMock({ profile: { idleLifeMs: null } });
    const { refreshToken } = mock.issueGrant().tokens;
    await mock.clock.advance("4000d");
    expect((await refresh(mock, refreshToken)).status).toBe(200);
  });

  it("accessTokenLifeMs sets expires_in and the life itself", async () => {
    const mock = createBitbucketMock({ profile: { accessTokenLifeMs: 60_000 } });
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect(body["expires_in"]).toBe(60);
    await mock.clock.advance("60s");
    expect((await callApi(mock, "/2.0/user", body.access_token)).status).toBe(401);
  });

  it("codeLifeMs bounds the life of a code", async () => {
    const mock = createBitbucketMock({ profile: { codeLifeMs: 1_000 } });
    const { code } = mock.authorize();
    await mock.clock.advance("1s");
    expect((await postToken(mock, { grant_type: "authorization_code", code })).status).toBe(400);
  });

  it.each([
    ["scope", { scope: "account email repository pullrequest" }],
    ["scopes", { scopes: "account email repository pullrequest" }],
    ["none", {}],
  ] as const)("scopeField: %s", async (scopeField, members) => {
    const mock = createBitbucketMock({ profile: { scopeField } });
    const { scope, scopes } = (await reply(await postToken(mock, { grant_type: "client_credentials" }))).body;
    expect({ scope, scopes }).toEqual({ scope: undefined, scopes: undefined, ...members });
  });

  it("tokenTypeField and stateEcho leave their members out", async () => {
    const mock = createBitbucketMock({ profile: { tokenTypeField: "absent", stateEcho: false } });
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect(Object.keys(body).toSorted()).toEqual(["access_token", "expires_in", "scope"]);
  });

  it("clientCredentials: owner-with-refresh-token acts as the owner and can be refreshed", async () => {
    const mock = createBitbucketMock({ profile: { clientCredentials: "owner-with-refresh-token" } });
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect((await refresh(mock, body.refresh_token)).status).toBe(200);
    expect(await (await callApi(mock, "/2.0/user", body.access_token)).json()).toMatchObject({
      username: "alice",
    });
  });

  it("sets the lengths of the tokens", () => {
    const { tokens } = createBitbucketMock({ profile: "cloud-legacy" }).issueGrant();
    expect([tokens.accessToken.length, tokens.refreshToken?.length]).toEqual([140, 18]);
  });

  it.each([
    ["refused", 401],
    ["accepted", 200],
  ] as const)("tokenInQuery: %s", async (tokenInQuery, status) => {
    const mock = createBitbucketMock({ profile: { tokenInQuery } });
    const { accessToken } = mock.issueGrant().tokens;
    expect((await mock.fetch(`${mock.urls.api}/2.0/user?access_token=${accessToken}`)).status).toBe(status);
    expect(mock.violations).toHaveLength(status === 401 ? 1 : 0);
  });

  it.each([
    [true, 200],
    [false, 400],
  ])("bodyCredentials: %s", async (bodyCredentials, status) => {
    const mock = createBitbucketMock({ profile: { bodyCredentials } });
    const { clientId: client_id, clientSecret: client_secret } = mock.consumers[0] ?? {};
    const fields = { grant_type: "client_credentials", client_id, client_secret };
    expect((await postToken(mock, fields, {})).status).toBe(status);
  });

  it.each([
    ["exact", false],
    ["prefix", true],
  ])("redirectUri: %s", (rule, appended) => {
    const mock = createBitbucketMock({
      profile: redirectTo(rule),
      consumers: [{ callbackUrl: "https://app.example/cb" }],
    });
    const url = (redirectUri: string): string =>
      `${mock.urls.authorize}?client_id=${mock.consumers[0]?.clientId}&response_type=code&redirect_uri=${encodeURIComponent(redirectUri)}`;
    const accepts = (uri: string): boolean => {
      try {
        return mock.authorize({ url: url(uri) }).code !== "";
      } catch {
        return false;
      }
    };
    expect(accepts("https://app.example/cb")).toBe(true);
    expect(accepts("https://app.example/cb/more")).toBe(appended);
    expect(accepts("https://app.example/cbx")).toBe(false);
  });

  it("pkce: ignored takes any verifier", async () => {
    const mock = createBitbucketMock({ profile: { pkce: "ignored" } });
    const { code } = mock.authorize();
    const fields = { grant_type: "authorization_code", code, code_verifier: "x".repeat(43) };
    expect((await postToken(mock, fields)).status).toBe(200);
  });

  it("implicitGrant hands the token out in the fragment, without a refresh token", () => {
    const mock = createBitbucketMock({ profile: "cloud-legacy" });
    const url = `${mock.urls.authorize}?client_id=${mock.consumers[0]?.clientId}&response_type=token&state=s`;
    const fragment = new URLSearchParams(mock.authorize({ url }).redirect.hash.slice(1));
    expect(fragment.get("access_token")).toHaveLength(140);
    expect(fragment.get("state")).toBe("s");
    expect(fragment.has("refresh_token")).toBe(false);
    expect(() => createBitbucketMock().authorize({ url })).toThrow("response_type");
  });

  it("passwordGrant takes a user's password, and cloud-2026 does not know the grant", async () => {
    const users = [{ username: "alice", password: "correct horse" }];
    const fields = { grant_type: "password", username: "alice", password: "correct horse" };
    const legacy = createBitbucketMock({ profile: "cloud-legacy", users });
    expect((await postToken(legacy, fields)).status).toBe(200);
    expect((await postToken(legacy, { ...fields, password: "wrong" })).status).toBe(400);
    const today = await reply(await postToken(createBitbucketMock({ users }), fields));
    expect(today.body.error_description).toBe("Unsupported grant type: password");
  });

  it("apiCors lets a page of another origin ask and read", async () => {
    const ask = async (apiCors: boolean): Promise<unknown[]> => {
      const mock = createBitbucketMock({ profile: { apiCors } });
      const preflight = await mock.fetch(`${mock.urls.api}/2.0/user`, {
        method: "OPTIONS",
        headers: {
          "access-control-request-method": "GET",
          "access-control-request-headers": "authorization",
        },
      });
      const refused = await callApi(mock, "/2.0/user", "any");
      const noPreflight = await mock.fetch(`${mock.urls.api}/2.0/user`, { method: "OPTIONS" });
      expect(noPreflight.status).toBe(401);
      return [
        preflight.status,
        preflight.headers.get("access-control-allow-headers"),
        refused.headers.get("access-control-allow-origin"),
      ];
    };
    expect(await ask(true)).toEqual([204, "authorization", "*"]);
    expect(await ask(false)).toEqual([401, null, null]);
  });

  it("revokeEndpoint answers only when asked to", async () => {
    const revoke = async (revokeEndpoint: boolean): Promise<[number, boolean]> => {
      const mock = createBitbucketMock({ profile: { revokeEndpoint } });
      const grant = mock.issueGrant();
      const { clientId, clientSecret } = grant.clientOptions;
      const answer = await mock.fetch("https://bitbucket.org/site/oauth2/revoke", {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
        body: new URLSearchParams({ token: grant.tokens.refreshToken ?? "" }),
      });
      return [answer.status, mock.grant(grant).live];
    };
    expect(await revoke(true)).toEqual([200, false]);
    expect(await revoke(false)).toEqual([501, true]);
  });
});
