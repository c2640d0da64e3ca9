import { describe, expect, it } from "vitest";
import { aPullRequestEvent, aPushEvent, aTokenResponse } from "../src/fixtures.ts";
import { createBitbucketMock, type MockEvent } from "../src/index.ts";
import { startBitbucketMock } from "../src/server.ts";
import { callApi, postToken, refresh } from "./token-request.ts";

describe("a fake that is told things of the wrong kind", () => {
  it("refuses scopes that are one text, which would be as many scopes as it has letters", () => {
    const scope = JSON.parse('"account repository"');
    expect(() => createBitbucketMock().issueGrant({ scope })).toThrow(
      'scope must be a list, such as ["account"]',
    );
  });

  it.each(["x", "2.0/user", "https://api.bitbucket.org/2.0/user", undefined])(
    "refuses a route at %j, which would answer nothing",
    (path) => {
      const { route } = createBitbucketMock();
      expect(() => Reflect.apply(route, undefined, ["GET", path, {}])).toThrow(
        'route() takes a method and a path, such as "/2.0/user".',
      );
    },
  );
});

describe("createBitbucketMock()", () => {
  it("starts with one consumer and one user and tells them", () => {
    const mock = createBitbucketMock();
    expect(mock.consumers).toHaveLength(1);
    expect(mock.users).toHaveLength(1);
    expect(mock.consumers[0]?.clientId).toHaveLength(32);
    expect(mock.consumers[0]?.clientSecret).toHaveLength(76);
  });

  it.each([
    { consumers: [{ clientId: "id", clientSecret: "secret", callbackUrl: "https://app.example/cb" }] },
    {
      seed: {
        consumers: [{ clientId: "id", clientSecret: "secret", callbackUrl: "https://app.example/cb" }],
      },
    },
  ])("takes its consumers from %j", (options) => {
    const mock = createBitbucketMock(options);
    expect(mock.consumers).toMatchObject([
      { clientId: "id", clientSecret: "secret", callbackUrl: "https://app.example/cb" },
    ]);
    expect(mock.users).toHaveLength(1);
  });

  it("shares nothing with another one", async () => {
    const [one, two] = [createBitbucketMock(), createBitbucketMock()];
    const { tokens } = one.issueGrant();
    expect((await callApi(two, "/2.0/user", tokens.accessToken)).status).toBe(401);
    expect(one.requests.all).toEqual([]);
  });

  it("adds consumers, users and repositories while it runs", async () => {
    const mock = createBitbucketMock();
    mock.consumers.add({ name: "other", scopes: ["repository"] });
    mock.users.add({ username: "bob" });
    mock.workspaces.add({ slug: "lab", members: ["bob"] });
    mock.repositories.add({ workspace: "lab", slug: "cells" });
    mock.pullRequests.add({ workspace: "lab", repository: "cells", id: 7 });
    const grant = mock.issueGrant({ consumer: "other", user: "bob" });
    expect(grant.tokens.scopes).toEqual(["repository"]);
    expect((await callApi(mock, "/2.0/repositories/lab/cells", grant.tokens.accessToken)).status).toBe(200);
    expect(Object.keys(mock.users)).toEqual(["0", "1"]);
  });

  it("has a bound fetch", async () => {
    const { fetch, urls } = createBitbucketMock();
    expect((await fetch(urls.authorize)).status).toBe(400);
  });

  it("tells Bitbucket's own addresses", () => {
    expect(createBitbucketMock().urls).toEqual({
      authorize: "https://bitbucket.org/site/oauth2/authorize",
      token: "https://bitbucket.org/site/oauth2/access_token",
      api: "https://api.bitbucket.org",
    });
  });

  it("answers for another origin while it is served there", async () => {
    const mock = createBitbucketMock();
    const stop = mock.serveAt("http://127.0.0.1:1234");
    expect(mock.issueGrant().clientOptions.endpoints.tokenUrl).toBe(
      "http://127.0.0.1:1234/site/oauth2/access_token",
    );
    expect((await mock.fetch("http://127.0.0.1:1234/2.0/user")).status).toBe(401);
    stop();
    expect((await mock.fetch("http://127.0.0.1:1234/2.0/user")).status).toBe(501);
    expect(mock.urls.api).toBe("https://api.bitbucket.org");
  });

  it("keeps its two hosts apart", async () => {
    const mock = createBitbucketMock();
    expect((await mock.fetch("https://bitbucket.org/2.0/user")).status).toBe(501);
    expect((await mock.fetch("https://api.bitbucket.org/site/oauth2/authorize")).status).toBe(501);
  });

  it("plants tokens that are written down elsewhere", async () => {
    const mock = createBitbucketMock();
    mock.issueGrant({ accessToken: "known access", refreshToken: "known refresh" });
    expect((await refresh(mock, "known refresh")).status).toBe(200);
  });

  it("goes back to the start", async () => {
    const mock = createBitbucketMock();
    mock.users.add({ username: "bob" });
    mock.autoApprove = true;
    mock.faults.when("any", { status: 500 });
    await mock.clock.advance("1d");
    await postToken(mock, {}, {});
    const grant = mock.issueGrant();
    mock.reset();
    expect(mock.users).toHaveLength(1);
    expect(mock.requests.all).toEqual([]);
    expect(mock.violations).toEqual([]);
    expect(mock.autoApprove).toBe(false);
    expect(mock.clock.now() - Date.now()).toBeLessThan(3_600_000);
    expect(() => mock.grant(grant)).toThrow("no such grant");
    expect((await postToken(mock, { grant_type: "client_credentials" })).status).toBe(200);
  });

  it("comes back to a snapshot, as often as asked", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    const snapshot = mock.snapshot();
    for (let round = 0; round < 2; round += 1) {
      expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(200);
      mock.restore(snapshot);
    }
    expect(mock.grant(grant).generation).toBe(1);
  });

  it("tells listeners what happens, and no token with it", async () => {
    const mock = createBitbucketMock({ profile: { base: "strict", lockoutMs: 0 } });
    const heard: MockEvent[] = [];
    const stops = (
      ["token.issued", "token.rotated", "token.reused", "family.revoked", "request"] as const
    ).map((type) => mock.on(type, (event) => heard.push(event)));
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    await refresh(mock, grant.tokens.refreshToken);
    for (const stop of stops) stop();
    await refresh(mock, grant.tokens.refreshToken);
    expect(heard.map(({ type }) => type)).toEqual([
      "token.issued",
      "token.issued",
      "token.rotated",
      "request",
      "token.reused",
      "family.revoked",
      "request",
    ]);
    expect(heard[4]).toMatchObject({ grantId: grant.id, generation: 1 });
    expect(mock.leaks(JSON.stringify(heard))).toEqual([]);
  });
});

describe("grant()", () => {
  it("is found by its id, by itself and by any of its tokens", () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    for (const ref of [grant, grant.id, grant.tokens.accessToken, grant.tokens.refreshToken ?? ""])
      expect(mock.grant(ref).id).toBe(grant.id);
  });

  it("answers nothing for a token it does not know", () => {
    const mock = createBitbucketMock();
    expect(() => mock.grant("unknown-token")).toThrow(/^The fake has no such grant$/);
  });

  it("expires the access token and leaves the refresh token", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.grant(grant).expireAccessToken();
    expect((await callApi(mock, "/2.0/user", grant.tokens.accessToken)).status).toBe(401);
    expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(200);
  });

  it("expires the refresh token and leaves the access token", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.grant(grant).expireRefreshToken();
    expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(400);
    expect((await callApi(mock, "/2.0/user", grant.tokens.accessToken)).status).toBe(200);
  });

  it("leaves other grants alone", async () => {
    const mock = createBitbucketMock();
    const [one, other] = [mock.issueGrant(), mock.issueGrant()];
    const control = mock.grant(one);
    control.expireAccessToken();
    control.expireRefreshToken();
    control.revoke();
    expect((await callApi(mock, "/2.0/user", other.tokens.accessToken)).status).toBe(200);
    expect((await refresh(mock, other.tokens.refreshToken)).status).toBe(200);
  });

  it("announces the end of a family once", () => {
    const mock = createBitbucketMock();
    const control = mock.grant(mock.issueGrant());
    let announced = 0;
    mock.on("family.revoked", () => {
      announced += 1;
    });
    control.revokeFamily();
    control.revokeFamily();
    expect(announced).toBe(1);
  });

  it.each(["revoke", "revokeFamily"] as const)("%s() kills every token", async (kill) => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    mock.grant(grant)[kill]();
    expect(mock.grant(grant).live).toBe(false);
    expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(400);
    expect((await callApi(mock, "/2.0/user", grant.tokens.accessToken)).status).toBe(401);
  });

  it("refreshes elsewhere: the client's token is used and the winner's works", async () => {
    const mock = createBitbucketMock({ profile: { leewayMs: 0, lockoutMs: 0 } });
    const grant = mock.issueGrant();
    const winner = mock.grant(grant).rotateElsewhere();
    expect(mock.grant(grant).tokens).toEqual(winner);
    expect((await refresh(mock, grant.tokens.refreshToken)).status).toBe(400);
    expect((await refresh(mock, winner.refreshToken)).status).toBe(200);
  });

  it("cannot refresh a dead grant elsewhere", () => {
    const mock = createBitbucketMock();
    const control = mock.grant(mock.issueGrant());
    control.revoke();
    expect(() => control.rotateElsewhere()).toThrow("no live refresh token");
  });
});

describe("an option that does not exist", () => {
  const mock = createBitbucketMock();
  it.each<readonly [string, Function, readonly unknown[]]>([
    ["issueGrant()", mock.issueGrant, [{ scopes: ["account"] }]],
    ["authorize()", mock.authorize, [{ username: "alice" }]],
    ["deny()", mock.deny, [{ username: "alice" }]],
    ["issueCredential()", mock.issueCredential, [{ kind: "api-token", scope: ["account"] }]],
    ["route()", mock.route, ["GET", "/2.0/x", {}, { scopes: "account" }]],
    ["startBitbucketMock()", startBitbucketMock, [mock, { hostname: "::1" }]],
    ["aTokenResponse()", aTokenResponse, [{ access_token: "a" }]],
    ["aPushEvent()", aPushEvent, [{ author: {} }]],
    ["aPullRequestEvent()", aPullRequestEvent, [{ branch: "a" }]],
  ])("is refused by %s, in which it would change nothing", async (name, call, given) => {
    const calling = async (): Promise<unknown> => Reflect.apply(call, mock, given);
    await expect(calling()).rejects.toThrow(`${name} has no option`);
  });

  it("is none when it is undefined", () => {
    const none = { consumer: undefined, user: undefined, scope: undefined };
    expect(mock.issueGrant({ ...none, accessToken: undefined, refreshToken: undefined }).username).toBe(
      "alice",
    );
    expect(mock.authorize({ ...none, url: undefined, state: undefined }).code).not.toBe("");
    const users = [{ username: "zoe" }];
    const made = createBitbucketMock({ profile: undefined, seed: { users }, users: undefined });
    expect(made.issueGrant().username).toBe("zoe");
  });
});
