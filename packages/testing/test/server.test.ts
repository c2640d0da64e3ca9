import { request as httpRequest } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createBitbucketMock, type BitbucketMock } from "../src/index.ts";
import { inspectorPage } from "../src/remote/inspector-page.ts";
import { startBitbucketMock, type BitbucketMockServer } from "../src/server.ts";
import { basic, callApi, postToken, refresh } from "./token-request.ts";

let server: BitbucketMockServer | undefined;

afterEach(() => server?.close());

async function start(...given: Parameters<typeof startBitbucketMock>): Promise<BitbucketMockServer> {
  server = await startBitbucketMock(...given);
  return server;
}

function post(
  { mock, urls }: BitbucketMockServer,
  form: Record<string, string>,
  init: RequestInit = {},
): Promise<Response> {
  const headers = { authorization: basic(mock.consumers[0]) };
  return fetch(urls.token, { method: "POST", headers, body: new URLSearchParams(form), ...init });
}

describe("startBitbucketMock()", () => {
  it("serves a fake of its own on a loopback port and tells where", async () => {
    const { url, urls } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(urls).toEqual({
      authorize: `${url}/site/oauth2/authorize`,
      token: `${url}/site/oauth2/access_token`,
      api: url,
    });
  });

  it("goes from the consent page to the API over real HTTP", async () => {
    const served = await start();
    const { mock, urls } = served;
    const page = `${urls.authorize}?response_type=code&state=s&client_id=${mock.consumers[0]?.clientId}`;
    const shown = await fetch(page);
    expect(shown.headers.get("content-type")).toContain("text/html");
    const body = new URLSearchParams({ decision: "grant", username: "alice" });
    const decided = await fetch(page, { method: "POST", body, redirect: "manual" });
    const callback = new URL(decided.headers.get("location") ?? "");
    const code = callback.searchParams.get("code") ?? "";
    const tokens = await post(served, { grant_type: "authorization_code", code });
    const { access_token: token } = (await tokens.json()) as { access_token: string };
    const user = await fetch(`${urls.api}/2.0/user`, { headers: { authorization: `Bearer ${token}` } });
    expect(await user.json()).toMatchObject({ username: "alice" });
    expect(mock.violations).toEqual([]);
  });

  it("keeps the links of a list at its own address", async () => {
    const { mock, url } = await start();
    const headers = { authorization: `Bearer ${mock.issueGrant().tokens.accessToken}` };
    const list = await fetch(`${url}/2.0/repositories/acme?pagelen=1`, { headers });
    expect(await list.json()).toMatchObject({ next: `${url}/2.0/repositories/acme?pagelen=1&page=2` });
  });

  it("approves by itself when told to", async () => {
    const { mock, urls } = await start(undefined, { autoApprove: true });
    const page = `${urls.authorize}?response_type=code&client_id=${mock.consumers[0]?.clientId}`;
    const answer = await fetch(page, { redirect: "manual" });
    expect(answer.headers.get("location")).toContain("code=");
  });

  it("dates answers by the fake's clock, not by the machine's", async () => {
    const { mock, url } = await start();
    mock.clock.set(Date.UTC(2027, 0, 1));
    const { headers } = await fetch(`${url}/2.0/user`);
    expect(headers.get("date")).toBe("Fri, 01 Jan 2027 00:00:00 GMT");
  });

  it("breaks the connection for a network fault", async () => {
    const served = await start();
    served.mock.faults.next("token", { network: "reset" });
    await expect(post(served, { grant_type: "client_credentials" })).rejects.toThrow("fetch failed");
  });

  it("breaks the connection in the middle of a truncated body", async () => {
    const served = await start();
    served.mock.faults.next("token", { body: "truncated" });
    const answer = await post(served, { grant_type: "client_credentials" });
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow("terminated");
  });

  it("lets go of a hanging request when its client leaves", async () => {
    const served = await start();
    const fault = served.mock.faults.when("token", { hang: true });
    const leave = new AbortController();
    const answer = post(served, { grant_type: "client_credentials" }, { signal: leave.signal });
    while (fault.hits() === 0) await new Promise(setImmediate);
    leave.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    expect(await served.mock.requests.waitFor("token")).toHaveLength(1);
  });

  it("sees a header that comes twice", async () => {
    const { url, mock } = await start();
    const { port } = new URL(url);
    await new Promise((resolve, reject) => {
      const sent = httpRequest({ port, path: "/2.0/user", headers: { accept: ["a", "b"] } }, resolve);
      sent.on("error", reject).end();
    });
    expect(mock.requests.api()).toHaveLength(1);
  });

  it("serves the fake it is given, and gives it back its own addresses", async () => {
    const mock = createBitbucketMock();
    const { url } = await start(mock);
    expect(mock.issueGrant().clientOptions.endpoints.apiUrl).toBe(url);
    await server?.close();
    await server?.close();
    expect(mock.urls.api).toBe("https://api.bitbucket.org");
    await expect(fetch(url)).rejects.toThrow("fetch failed");
  });

  it("shows the inspector at /_mock, and keeps that out of the log", async () => {
    const { url, mock } = await start();
    const page = await fetch(`${url}/_mock?live`);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("refresh")).toBe("2");
    expect(await page.text()).toContain(`<code>${url}/site/oauth2/authorize</code>`);
    expect(mock.requests.all).toEqual([]);
  });

  it("rejects options in the place of the fake, and does not listen", async () => {
    // As a program without types could say it.
    const [options] = JSON.parse('[{ "port": 0 }]') as [BitbucketMock];
    const listening = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
    const before = listening();
    await expect(startBitbucketMock(options)).rejects.toThrow("The first argument is a fake");
    expect(listening()).toBe(before);
  });

  it("rejects when the port is taken", async () => {
    const { url } = await start();
    await expect(startBitbucketMock(undefined, { port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

describe("inspectorPage()", () => {
  it("shows users, consumers, grants, generations, requests and violations", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    await refresh(mock, grant.tokens.refreshToken);
    await callApi(mock, "/2.0/workspaces", mock.issueGrant().tokens.accessToken);
    const { body } = inspectorPage(mock, false);
    for (const part of [
      "Alice Example",
      "mockConsumerKey00000000000000000",
      "grant-1",
      '<td class="bad">dead</td>',
      '<td class="good">live</td>',
      "generation 1",
      "reused after its leeway",
      "POST /site/oauth2/access_token",
      "was removed by CHANGE-2770",
    ])
      expect(body).toContain(part);
  });

  it("shows no secret", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const { code } = mock.authorize();
    await refresh(mock, grant.tokens.refreshToken);
    await postToken(mock, { grant_type: "authorization_code", code });
    await callApi(mock, `/2.0/user?access_token=${grant.tokens.accessToken}`, grant.tokens.accessToken);
    expect(mock.leaks(String(inspectorPage(mock, true).body))).toEqual([]);
  });

  it("shows what it is told as text", async () => {
    const mock = createBitbucketMock({
      users: [{ username: "x", displayName: "<script>alert(1)</script>" }],
    });
    await mock.fetch(`${mock.urls.api}/2.0/<img>`);
    const { body } = inspectorPage(mock, false);
    expect(body).not.toContain("<script");
    expect(body).not.toContain("<img>");
  });

  it("reloads itself only when asked to", () => {
    const mock = createBitbucketMock();
    expect(inspectorPage(mock, false).headers).not.toHaveProperty("refresh");
    expect(inspectorPage(mock, true).headers).toHaveProperty("refresh", "2");
  });

  it("says so when there is nothing", () => {
    expect(inspectorPage(createBitbucketMock(), false).body).toContain("None.");
  });
});
