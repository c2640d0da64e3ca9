import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createBitbucketMock, type GrantType, type Op } from "../src/index.ts";
import { callApi, postToken, refresh } from "./token-request.ts";

describe("the request log", () => {
  it("tells what was asked, by whom and what came of it", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    await callApi(mock, "/2.0/user", mock.grant(grant).tokens.accessToken);
    await refresh(mock, "never issued");
    expect(mock.requests.all).toMatchObject([
      {
        number: 1,
        op: "token:refresh_token",
        grantId: grant.id,
        generation: 1,
        status: 200,
        scheme: "Basic",
      },
      {
        number: 2,
        op: "api",
        path: "/2.0/user",
        grantId: grant.id,
        generation: 2,
        status: 200,
        scheme: "Bearer",
      },
      { number: 3, op: "token:refresh_token", status: 400, error: "unauthorized_client" },
    ]);
  });

  it("refuses to count what does not exist: none would be found, and a test would be green", async () => {
    const { requests } = createBitbucketMock();
    // As a program without types could say it.
    const [grantType] = JSON.parse('["refresh"]') as [GrantType];
    const [op] = JSON.parse('["refresh_token"]') as [Op];
    expect(() => requests.token(grantType)).toThrow("Not an operation: token:refresh.");
    expect(() => requests.count(op)).toThrow("Not an operation: refresh_token.");
    expect(() => requests.count({ op, path: "/2.0/user" })).toThrow("Not an operation: refresh_token.");
    await expect(requests.waitFor(op)).rejects.toThrow("Not an operation: refresh_token.");
    await expect(requests.waitFor("token", JSON.parse('{"timeout":1}'))).rejects.toThrow(
      'waitFor() has no option "timeout". It takes: count, timeoutMs.',
    );
  });

  it("picks and counts", async () => {
    const mock = createBitbucketMock();
    await postToken(mock, { grant_type: "client_credentials" });
    await postToken(mock, { grant_type: "nonsense" });
    await callApi(mock, "/2.0/user", "any");
    expect(mock.requests.token()).toHaveLength(2);
    expect(mock.requests.token("client_credentials")).toHaveLength(1);
    expect(mock.requests.api("/2.0/user")).toHaveLength(1);
    expect(mock.requests.api(/emails/)).toHaveLength(0);
    expect(mock.requests.count("any")).toBe(3);
  });

  it("never holds a secret, however it is printed", async () => {
    const mock = createBitbucketMock({ profile: { bodyCredentials: true, passwordGrant: true } });
    const grant = mock.issueGrant();
    const { code } = mock.authorize({ state: "state-that-ties-the-browser-to-its-session" });
    const consumer = mock.consumers[0];
    const verifier = "verifier-".repeat(6);
    await postToken(mock, { grant_type: "authorization_code", code, code_verifier: verifier });
    await refresh(mock, grant.tokens.refreshToken);
    await postToken(mock, {
      grant_type: "password",
      client_id: consumer?.clientId,
      client_secret: consumer?.clientSecret,
      password: mock.users[0]?.password,
    });
    await callApi(mock, `/2.0/user?access_token=${grant.tokens.accessToken}`, grant.tokens.accessToken);
    await mock.fetch(
      `${mock.urls.authorize}?client_id=${consumer?.clientId}&response_type=code&state=state-that-ties`,
    );
    const printed = [
      inspect(mock.requests, { depth: 9 }),
      JSON.stringify(mock.requests.all),
      JSON.stringify(mock.violations),
    ];
    expect(mock.leaks(`${grant.tokens.accessToken} ${code} ${verifier}`)).toHaveLength(3);
    expect(mock.leaks(printed.join("\n"))).toEqual([]);
    expect(printed.join("\n")).not.toContain("state-that-ties");
  });

  it("waits for requests that are answered", async () => {
    const mock = createBitbucketMock();
    const two = mock.requests.waitFor("token", { count: 2 });
    await postToken(mock, { grant_type: "client_credentials" });
    await postToken(mock, { grant_type: "client_credentials" });
    expect(await two).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(await mock.requests.waitFor("token")).toHaveLength(2);
  });

  it("goes on waiting for a request that is under way", async () => {
    const mock = createBitbucketMock();
    const gate = mock.gates.hold("token", "after-commit");
    const held = postToken(mock, { grant_type: "client_credentials" });
    await gate.arrived();
    let waited = false;
    const both = mock.requests.waitFor("any", { count: 2 }).finally(() => {
      waited = true;
    });
    await callApi(mock, "/2.0/user", "any");
    await new Promise(setImmediate);
    expect(waited).toBe(false);
    gate.release();
    await held;
    expect(await both).toMatchObject([{ status: 200 }, { status: 401 }]);
  });

  it("gives up waiting and tells how many there were", async () => {
    const mock = createBitbucketMock();
    await expect(mock.requests.waitFor("token", { timeoutMs: 1 })).rejects.toThrow("there were 0");
  });
});

describe("leaks()", () => {
  it("finds nothing in a clean text", () => {
    const mock = createBitbucketMock();
    mock.issueGrant();
    expect(mock.leaks("GET /2.0/user 200")).toEqual([]);
  });

  it.each([
    ["as it is", (secret: string) => secret],
    ["form-encoded", encodeURIComponent],
    ["in base64", btoa],
    [
      "in base64url",
      (secret: string) => btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
    ],
  ])("finds every kind of secret %s and repeats none", async (_how, spell) => {
    const mock = createBitbucketMock({ users: [{ username: "alice", password: "a pass/word?" }] });
    const { accessToken, refreshToken = "" } = mock.issueGrant().tokens;
    const { code } = mock.authorize();
    const verifier = "verifier~with.signs";
    await postToken(mock, { grant_type: "authorization_code", code, code_verifier: verifier });
    const clientSecret = mock.consumers[0]?.clientSecret ?? "";
    const secrets = [accessToken, refreshToken, code, verifier, clientSecret, "a pass/word?"];
    const named = mock.leaks(secrets.map((secret) => `x ${spell(secret)} x`).join("\n"));
    expect(named).toEqual([
      "the client secret of app",
      "the password of alice",
      "the access token of grant-1, generation 1",
      "the refresh token of grant-1, generation 1",
      "an authorization code",
      "a code verifier",
    ]);
    expect(mock.leaks(named.join())).toEqual([]);
  });

  it("finds a Basic header", () => {
    const mock = createBitbucketMock();
    const { clientId, clientSecret } = mock.consumers[0] ?? {};
    expect(mock.leaks(`authorization: Basic ${btoa(`${clientId}:${clientSecret}`)}`)).toContain(
      "the Basic credentials of app",
    );
  });
});
