import { createBitbucketAuth } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { codeChallenge } from "../src/fake/oauth/token.ts";
import { createBitbucketMock, type BitbucketMock } from "../src/index.ts";
import { bitbucketMatchers } from "../src/vitest.ts";
import { recordedTokenErrors as recorded } from "./recorded.ts";
import { basic, postToken, refresh, reply } from "./token-request.ts";

const form = { "content-type": "application/x-www-form-urlencoded" };

function exchange(mock: BitbucketMock, code: string, more: Record<string, string> = {}): Promise<Response> {
  return postToken(mock, { grant_type: "authorization_code", code, ...more });
}

describe("the token endpoint", () => {
  it("exchanges a code for a pair of Bitbucket's size and members", async () => {
    const mock = createBitbucketMock();
    const { body, status } = await reply(await exchange(mock, mock.authorize().code));
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w.-]{2600}$/),
      refresh_token: expect.stringMatching(/^[\w.-]{2600}$/),
      expires_in: 7200,
      token_type: "bearer",
      scope: "account email repository pullrequest",
      state: "authorization_code",
    });
  });

  it("changes the order of the members from answer to answer", async () => {
    const mock = createBitbucketMock();
    let { refreshToken } = mock.issueGrant().tokens;
    const orders = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const { body } = await refresh(mock, refreshToken);
      refreshToken = body.refresh_token;
      orders.add(Object.keys(body).join());
    }
    expect(orders.size).toBe(4);
  });

  it.each([
    ["JSON", JSON.stringify({ grant_type: "client_credentials" }), { "content-type": "application/json" }],
    ["no grant_type", "scope=account", form],
    ["no body", undefined, {}],
  ])("refuses %s as Bitbucket does and calls it a violation", async (_what, body, headers) => {
    const mock = createBitbucketMock();
    const answer = await mock.fetch(mock.urls.token, {
      method: "POST",
      headers: { authorization: basic(mock.consumers[0]), ...headers },
      ...(body !== undefined && { body }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual(JSON.parse(recorded.noGrantType));
    expect(mock.violations).toHaveLength(1);
  });

  it("reads no parameters from the query", async () => {
    const mock = createBitbucketMock();
    const answer = await mock.fetch(`${mock.urls.token}?grant_type=client_credentials`, {
      method: "POST",
      headers: { authorization: basic(mock.consumers[0]) },
    });
    expect(await answer.json()).toEqual(JSON.parse(recorded.noGrantType));
  });

  it("names a grant type it does not support", async () => {
    const mock = createBitbucketMock();
    const { body } = await reply(await postToken(mock, { grant_type: "urn:example:grant" }));
    expect(body).toEqual({
      error: "invalid_grant",
      error_description: "Unsupported grant type: urn:example:grant",
    });
  });

  it("wants client authentication", async () => {
    const mock = createBitbucketMock();
    const { body, status } = await reply(await postToken(mock, { grant_type: "client_credentials" }, {}));
    expect(status).toBe(400);
    expect(body).toEqual(JSON.parse(recorded.noCredentials));
    expect(mock.violations).toHaveLength(1);
  });

  it.each([
    ["secret", { clientId: "mockConsumerKey00000000000000000", clientSecret: "wrong" }],
    ["client id", { clientId: "nobody", clientSecret: "mockConsumerSecret".padEnd(76, "0") }],
  ])("refuses a wrong %s with unauthorized_client", async (_what, consumer) => {
    const mock = createBitbucketMock();
    const headers = { authorization: basic(consumer) };
    const { body, status } = await reply(
      await postToken(mock, { grant_type: "client_credentials" }, headers),
    );
    expect(status).toBe(400);
    expect(body).toEqual(JSON.parse(recorded.wrongCredentials));
  });

  it.each(["Basic !!!", "Basic", `Basic ${btoa("no colon")}`])(
    "refuses the header %s",
    async (authorization) => {
      const mock = createBitbucketMock();
      const { body } = await reply(
        await postToken(mock, { grant_type: "client_credentials" }, { authorization }),
      );
      expect(body).toEqual(JSON.parse(recorded.wrongCredentials));
    },
  );

  it("takes Basic credentials form-encoded or as they are", async () => {
    const consumer = { clientId: "a+b", clientSecret: "50%:&é" };
    const mock = createBitbucketMock({ consumers: [consumer] });
    const encoded = { clientId: "a%2Bb", clientSecret: encodeURIComponent(consumer.clientSecret) };
    const headers = { authorization: basic(encoded) };
    expect((await postToken(mock, { grant_type: "client_credentials" }, headers)).status).toBe(200);
    const raw = { clientId: "key", clientSecret: "a+b%41:&" };
    mock.consumers.add(raw);
    const rawHeaders = { authorization: basic(raw) };
    expect((await postToken(mock, { grant_type: "client_credentials" }, rawHeaders)).status).toBe(200);
  });

  it("answers a Bearer header with a page", async () => {
    const mock = createBitbucketMock();
    const answer = await postToken(mock, { grant_type: "client_credentials" }, { authorization: "Bearer x" });
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(await answer.text()).toContain("OpenID transaction in progress");
  });

  it.each([null, ""])("gives nothing to a consumer without a callback, %j", async (callbackUrl) => {
    const mock = createBitbucketMock({ consumers: [{ callbackUrl }] });
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect(body).toEqual(JSON.parse(recorded.noCallback));
  });

  it("dates every answer by the fake's clock", async () => {
    const mock = createBitbucketMock();
    mock.clock.set(Date.UTC(2027, 0, 1));
    const answer = await postToken(mock, { grant_type: "client_credentials" });
    expect(answer.headers.get("date")).toBe("Fri, 01 Jan 2027 00:00:00 GMT");
  });
});

describe("an authorization code", () => {
  it("works once", async () => {
    const mock = createBitbucketMock();
    const { code } = mock.authorize();
    expect((await exchange(mock, code)).status).toBe(200);
    const { body, status } = await reply(await exchange(mock, code));
    expect(status).toBe(400);
    expect(body).toEqual(JSON.parse(recorded.badCode));
    expect(mock.violations).toHaveLength(1);
  });

  it("dies after ten minutes", async () => {
    const mock = createBitbucketMock({ clock: { now: () => 0 } });
    const { code } = mock.authorize();
    await mock.clock.advance("10m");
    expect((await reply(await exchange(mock, code))).body).toEqual(JSON.parse(recorded.badCode));
  });

  it("belongs to its consumer", async () => {
    const mock = createBitbucketMock({ consumers: [{ clientId: "one" }, { clientId: "two" }] });
    const { code } = mock.authorize({ consumer: "two" });
    expect((await reply(await exchange(mock, code))).body).toEqual(JSON.parse(recorded.badCode));
  });

  it("wants the redirect_uri of the authorize request, and none when there was none", async () => {
    const mock = createBitbucketMock({ consumers: [{ callbackUrl: "https://app.example/cb" }] });
    const url = new URL(mock.urls.authorize);
    url.searchParams.set("client_id", mock.consumers[0]?.clientId ?? "");
    url.searchParams.set("response_type", "code");
    const without = mock.authorize({ url }).code;
    expect((await exchange(mock, without, { redirect_uri: "https://app.example/cb" })).status).toBe(400);
    url.searchParams.set("redirect_uri", "https://app.example/cb");
    const withUri = mock.authorize({ url }).code;
    expect((await exchange(mock, withUri)).status).toBe(400);
    expect((await exchange(mock, withUri, { redirect_uri: "https://app.example/cb/" })).status).toBe(400);
    expect((await exchange(mock, withUri, { redirect_uri: "https://app.example/cb" })).status).toBe(200);
  });

  it("wants the verifier of its challenge", async () => {
    const mock = createBitbucketMock();
    const url = `${mock.urls.authorize}?response_type=code&client_id=${mock.consumers[0]?.clientId}&code_challenge_method=S256&code_challenge=${await codeChallenge("v".repeat(43))}`;
    const { code } = mock.authorize({ url });
    expect((await exchange(mock, code)).status).toBe(400);
    expect((await exchange(mock, code, { code_verifier: "w".repeat(43) })).status).toBe(400);
    expect((await exchange(mock, code, { code_verifier: "v".repeat(43) })).status).toBe(200);
  });
});

describe("client credentials", () => {
  it("give an access token of an app user and nothing to refresh it with", async () => {
    const mock = createBitbucketMock();
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect(body.refresh_token).toBeUndefined();
    const user = await mock.fetch(`${mock.urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(await user.json()).toMatchObject({ type: "app_user" });
  });

  it("are refused to a public consumer", async () => {
    const mock = createBitbucketMock({ consumers: [{ private: false }] });
    const { body } = await reply(await postToken(mock, { grant_type: "client_credentials" }));
    expect(body).toEqual(JSON.parse(recorded.publicConsumer));
  });
});

describe("the Connect JWT grant", () => {
  const jwtGrant = { grant_type: "urn:bitbucket:oauth2:jwt" };

  it("gives an access token only", async () => {
    const mock = createBitbucketMock();
    const headers = { authorization: `JWT ${await mock.connectJwt()}` };
    const { body, status } = await reply(await postToken(mock, jwtGrant, headers));
    expect(status).toBe(200);
    expect(body.access_token).toHaveLength(2600);
    expect(body.refresh_token).toBeUndefined();
  });

  it("refuses a JWT that was changed, has expired, or is none", async () => {
    const mock = createBitbucketMock();
    const jwt = await mock.connectJwt();
    const [header, body, signature = ""] = jwt.split(".");
    // The first character, because the last one holds bits that count for nothing.
    const damaged = `${header}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const changed = `${header}.${btoa('{"iss":"x"}').replaceAll("=", "")}.${signature}`;
    for (const wrong of [changed, "none", "a.b.c", damaged]) {
      const answer = await postToken(mock, jwtGrant, { authorization: `JWT ${wrong}` });
      expect((await reply(answer)).body).toEqual(JSON.parse(recorded.wrongCredentials));
    }
    await mock.clock.advance("3m");
    expect((await postToken(mock, jwtGrant, { authorization: `JWT ${jwt}` })).status).toBe(400);
  });
});

describe("codeChallenge()", () => {
  /** @see https://www.rfc-editor.org/rfc/rfc7636#appendix-B */
  it("gives the example of the RFC", async () => {
    expect(await codeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
  });
});

expect.extend(bitbucketMatchers);

describe("expireAccessToken()", () => {
  it("lets a client made of the grant's clientOptions refresh, each time, whatever the fake's clock does between", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant({ consumer: "app", user: "alice" });
    const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch });
    await auth.saveTokens("alice", grant.tokens);
    mock.grant(grant).expireAccessToken();
    await Promise.all(Array.from({ length: 100 }, () => auth.getAccessToken("alice")));
    expect(mock).toHaveRefreshed(1);
    mock.grant(grant).expireAccessToken();
    await auth.getAccessToken("alice");
    expect(mock).toHaveRefreshed(2);
    await mock.clock.advance("2h");
    await auth.getAccessToken("alice");
    expect(mock).toHaveRefreshed(3);
    await auth.close();
  });

  it("leaves a client with the fake's own clock to learn it by a 401", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    const auth = createBitbucketAuth({ ...grant.clientOptions, fetch: mock.fetch, clock: mock.clock });
    await auth.saveTokens("alice", grant.tokens);
    mock.grant(grant).expireAccessToken();
    expect(await auth.getAccessToken("alice")).toBe(grant.tokens.accessToken);
    expect((await auth.fetchFor("alice")("/2.0/user")).status).toBe(200);
    expect(mock).toHaveRefreshed(1);
    await auth.close();
  });
});
