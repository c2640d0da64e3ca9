import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createBitbucketMock, type Fault } from "../src/index.ts";
import {
  connectBitbucketMock,
  startBitbucketMock,
  type BitbucketMockServer,
  type RemoteBitbucketMock,
} from "../src/server.ts";
import { basic } from "./token-request.ts";

let server: BitbucketMockServer;
let remote: RemoteBitbucketMock;

beforeAll(async () => {
  server = await startBitbucketMock(createBitbucketMock({ profile: { base: "strict", lockoutMs: 0 } }));
  remote = await connectBitbucketMock(server.url);
});
afterEach(() => remote.reset());
afterAll(() => server.close());

function refresh(refreshToken: string | undefined): Promise<Response> {
  return fetch(remote.urls.token, {
    method: "POST",
    redirect: "manual",
    headers: { authorization: basic(server.mock.consumers[0]) },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken ?? "" }),
  });
}

describe("connectBitbucketMock()", () => {
  it("tells the addresses of the server", () => {
    expect(remote.urls).toEqual(server.urls);
  });

  it("tells the consumers and the users, with all that an app and a user need", async () => {
    server.mock.consumers.add({ clientId: "without callback", callbackUrl: null });
    expect(await remote.consumers()).toEqual([...server.mock.consumers]);
    expect(await remote.users()).toEqual([...server.mock.users]);
  });

  it("issues grants that fit a client", async () => {
    const grant = await remote.issueGrant({ user: "alice", scope: ["account"] });
    expect(grant).toMatchObject({
      username: "alice",
      tokens: { scopes: ["account"], tokenType: "bearer" },
      clientOptions: { endpoints: { tokenUrl: server.urls.token } },
    });
    expect((await refresh(grant.tokens.refreshToken)).status).toBe(200);
  });

  it("looks at a grant and meddles with it", async () => {
    const { id, tokens } = await remote.issueGrant();
    const control = remote.grant(id);
    const winner = await control.rotateElsewhere();
    expect(await control.look()).toEqual({ tokens: winner, generation: 2, reuseCount: 0, live: true });
    await refresh(tokens.refreshToken);
    expect(await control.look()).toMatchObject({ reuseCount: 1, live: false });
    expect(await remote.reuseCount()).toBe(1);
    const other = remote.grant(await remote.issueGrant());
    await other.expireAccessToken();
    expect((await other.look()).tokens.expiresAt).toBeLessThanOrEqual(await remote.clock.now());
    await other.expireRefreshToken();
    expect(await other.look()).toMatchObject({ live: false });
    const third = remote.grant(await remote.issueGrant());
    await third.revokeFamily();
    expect(await third.look()).toMatchObject({ live: false });
  });

  it("names the secrets that are in a text", async () => {
    const { id, tokens } = await remote.issueGrant();
    expect(await remote.leaks(`nothing of ${id}`)).toEqual([]);
    expect(await remote.leaks(`a ${tokens.accessToken}`)).toEqual(server.mock.leaks(tokens.accessToken));
    expect(await remote.leaks(`a ${tokens.accessToken}`)).toHaveLength(1);
  });

  it("signs the JWT of a Connect app", async () => {
    const ask = async (jwt: string): Promise<number> => {
      const body = new URLSearchParams({ grant_type: "urn:bitbucket:oauth2:jwt" });
      const headers = { authorization: `JWT ${jwt}` };
      return (await fetch(remote.urls.token, { method: "POST", headers, body })).status;
    };
    expect(await ask(await remote.connectJwt())).toBe(200);
    expect(await ask(await remote.connectJwt("app"))).toBe(200);
    await expect(remote.connectJwt("nobody")).rejects.toThrow("no consumer nobody");
  });

  it("lists the grants", async () => {
    await remote.issueGrant();
    expect(await remote.grants()).toEqual(server.mock.grants);
    expect(await remote.grants()).toMatchObject([{ id: "grant-1", username: "alice", live: true }]);
  });

  it("moves the clock", async () => {
    await remote.clock.set(1_000_000);
    await remote.clock.advance("2h");
    expect(await remote.clock.now()).toBeGreaterThanOrEqual(8_200_000);
    expect(server.mock.clock.now()).toBeLessThan(9_000_000);
  });

  it("arranges faults and counts their hits", async () => {
    await remote.faults.next("token", { status: 503 });
    expect((await refresh("any")).status).toBe(503);
    const fault = await remote.faults.when(
      { op: "token", path: "/site/oauth2/access_token" },
      { oauth: "invalid_grant" },
      { times: 5 },
    );
    expect(await (await refresh("any")).json()).toMatchObject({ error: "invalid_grant" });
    expect(await fault.hits()).toBe(1);
    await fault.remove();
    expect(await (await refresh("any")).json()).toMatchObject({ error: "unauthorized_client" });
    await remote.faults.next("token", { answer: { status: 418, headers: { "x-test": "yes" }, body: "" } });
    expect((await refresh("any")).headers.get("x-test")).toBe("yes");
    await remote.faults.next("token", { status: 429 });
    await remote.faults.clear();
    expect((await refresh("any")).status).toBe(400);
  });

  it.each<[Fault, number]>([
    [{ commitThen: 500 }, 500],
    [{ delay: 1 }, 200],
    [{ redirect: 307, to: "https://elsewhere.example/" }, 307],
    [{ status: 429, retryAfter: new Date(0), body: "text" }, 429],
    [{ body: "text-plain" }, 200],
    [{ fields: { expires_in: null }, without: ["state"] }, 200],
  ])("sends the fault %j across", async (fault, status) => {
    const { tokens } = await remote.issueGrant();
    await remote.faults.next("token", fault);
    const answer = await refresh(tokens.refreshToken);
    expect(answer.status).toBe(status);
    expect(server.mock.requests.all).toMatchObject([{ fault: Object.keys(fault)[0] }]);
  });

  it("sends the members to replace and to leave out across", async () => {
    const { tokens } = await remote.issueGrant();
    await remote.faults.next("token", { fields: { expires_in: "soon" }, without: ["state"] });
    const body: unknown = await (await refresh(tokens.refreshToken)).json();
    expect(body).toMatchObject({ expires_in: "soon" });
    expect(body).not.toHaveProperty("state");
  });

  it("holds requests at a gate", async () => {
    const { id, tokens } = await remote.issueGrant();
    const gate = await remote.gates.hold("token:refresh_token", "after-commit");
    const answer = refresh(tokens.refreshToken);
    await gate.arrived();
    expect(await remote.grant(id).look()).toMatchObject({ generation: 2 });
    await gate.release(1);
    expect((await answer).status).toBe(200);
    await gate.release();
  });

  it("reads the log, whole and in parts", async () => {
    const { tokens } = await remote.issueGrant();
    await refresh(tokens.refreshToken);
    await fetch(`${remote.urls.api}/2.0/user`);
    expect(await remote.requests.all()).toEqual(server.mock.requests.all);
    expect(await remote.requests.token("refresh_token")).toHaveLength(1);
    expect(await remote.requests.token()).toHaveLength(1);
    expect(await remote.requests.api("/2.0/user")).toHaveLength(1);
    expect(await remote.requests.count({ op: "token", grantId: "grant-1" })).toBe(1);
    expect(await remote.requests.waitFor("api")).toMatchObject([{ path: "/2.0/user", status: 401 }]);
  });

  it("reads the violations", async () => {
    await fetch(`${remote.urls.api}/nothing`);
    expect(await remote.violations()).toEqual(server.mock.violations);
  });

  it("signs in without a browser", async () => {
    const { code, redirect } = await remote.authorize({ user: "alice", state: "s" });
    expect(redirect.searchParams.get("code")).toBe(code);
    expect((await remote.deny({ state: "s" })).searchParams.get("error")).toBe("access_denied");
    await remote.autoApprove("alice");
    expect(server.mock.autoApprove).toBe("alice");
    await remote.autoApprove(false);
    expect(server.mock.autoApprove).toBe(false);
  });

  it("comes back to a snapshot", async () => {
    const { id } = await remote.issueGrant();
    const snapshot = await remote.snapshot();
    await remote.grant(id).revoke();
    await snapshot.restore();
    expect(await remote.grant(id).look()).toMatchObject({ live: true });
  });

  it("rejects with the fake's own words", async () => {
    await expect(remote.issueGrant({ user: "nobody" })).rejects.toThrow("The fake has no user nobody");
  });

  it("rejects when nothing answers there", async () => {
    await expect(connectBitbucketMock("http://127.0.0.1:1")).rejects.toThrow("fetch failed");
  });
});

describe("a misspelt option from another process", () => {
  const given = (json: string): never => JSON.parse(json) as never;
  it.each([
    ["issueGrant()", (mock: RemoteBitbucketMock) => mock.issueGrant(given('{"usr":"alice"}')), "usr"],
    ["authorize()", (mock: RemoteBitbucketMock) => mock.authorize(given('{"usr":"alice"}')), "usr"],
    ["deny()", (mock: RemoteBitbucketMock) => mock.deny(given('{"usr":"alice"}')), "usr"],
    [
      "issueCredential()",
      (mock: RemoteBitbucketMock) => mock.issueCredential(given('{"kind":"api-token","usr":"alice"}')),
      "usr",
    ],
    [
      "faults.when()",
      (mock: RemoteBitbucketMock) => mock.faults.when("token", { status: 503 }, given('{"time":2}')),
      "time",
    ],
    [
      "A fault",
      (mock: RemoteBitbucketMock) => mock.faults.next("token", given('{"status":503,"retryafter":1}')),
      "retryafter",
    ],
  ] as const)("is refused by name: of %s", async (what, call, name) => {
    await expect(call(remote)).rejects.toThrow(`${what} has no option "${name}"`);
  });
});

describe("the control API", () => {
  function send(command: string, init: RequestInit): Promise<Response> {
    return fetch(`${server.url}/_mock/${command}`, { method: "POST", ...init });
  }

  it("refuses every request that a page in a browser could send by itself", async () => {
    expect((await send("reset", { body: "{}" })).status).toBe(415);
    expect((await send("reset", { body: new URLSearchParams() })).status).toBe(415);
  });

  it.each([
    ["faults.when", { matcher: "nonsense", fault: { status: 500 } }, "Not an operation: nonsense"],
    ["faults.when", { matcher: { pth: "/" }, fault: { status: 500 } }, 'A matcher has no option "pth"'],
    ["faults.when", { matcher: "token", fault: { network: "nonsense" } }, "one of reset, refused, dns"],
    ["faults.when", { matcher: "token", fault: {} }, "commitThen"],
    ["faults.hits", { fault: 99 }, "There is no such fault"],
    ["clock.advance", {}, '"ms" of the request is not a number'],
  ])("refuses %s %j", async (command, given, message) => {
    const answer = await send(command, {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringContaining(message) });
  });

  it("says when there is no such command", async () => {
    expect((await send("nonsense", {})).status).toBe(404);
  });

  it("is no part of Bitbucket: what it does is not in the log", async () => {
    await remote.requests.all();
    expect(server.mock.requests.all).toEqual([]);
  });
});
