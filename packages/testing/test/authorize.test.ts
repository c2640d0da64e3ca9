import { describe, expect, it } from "vitest";
import { isRegisteredCallback } from "../src/fake/oauth/authorize.ts";
import { profiles } from "../src/fake/profiles.ts";
import { createBitbucketMock, type BitbucketMock } from "../src/index.ts";
import { postToken, reply } from "./token-request.ts";

const callbackUrl = "https://app.example/callback?keep=1";

function start(options: Parameters<typeof createBitbucketMock>[0] = {}): BitbucketMock {
  return createBitbucketMock({
    consumers: [{ clientId: "key", name: "My <app>", callbackUrl, scopes: ["account", "repository:write"] }],
    users: [{ username: "alice" }, { username: "bob" }],
    ...options,
  });
}

function address(mock: BitbucketMock, parameters: Record<string, string> = {}): string {
  return `${mock.urls.authorize}?${new URLSearchParams({ client_id: "key", response_type: "code", ...parameters })}`;
}

function decide(mock: BitbucketMock, url: string, form: Record<string, string>): Promise<Response> {
  return mock.fetch(url, { method: "POST", body: new URLSearchParams(form) });
}

function location(answer: Response): URL {
  return new URL(answer.headers.get("location") ?? "about:blank");
}

describe("the authorize endpoint", () => {
  it("shows one plain form with the scopes, the users and two buttons", async () => {
    const mock = start();
    const answer = await mock.fetch(address(mock, { state: "s" }));
    expect(answer.status).toBe(200);
    const page = await answer.text();
    expect(page.match(/<form /g)).toHaveLength(1);
    expect(page).not.toContain("<script");
    // Or the browser asks for /favicon.ico, which is a violation.
    expect(page).toContain('<link rel="icon" href="data:,">');
    expect(page).toContain("response_type=code&amp;state=s");
    expect(page).toContain(">Grant access</button>");
    expect(page).toContain(">Cancel</button>");
    expect(page).toContain("My &lt;app&gt; asks for access");
    for (const part of ["account", "repository:write", "alice", "bob"]) expect(page).toContain(part);
  });

  it("sends the browser back with a code and the state", async () => {
    const mock = start();
    const answer = await decide(mock, address(mock, { state: "s&=?" }), {
      decision: "grant",
      username: "bob",
    });
    expect(answer.status).toBe(302);
    const { origin, pathname, searchParams } = location(answer);
    expect(origin + pathname).toBe("https://app.example/callback");
    expect(searchParams.get("keep")).toBe("1");
    expect(searchParams.get("state")).toBe("s&=?");
    expect(searchParams.get("code")).toBeTruthy();
  });

  it("says all in its fields as well, for those who cannot read its address", async () => {
    const mock = start();
    const page = await (await mock.fetch(address(mock, { state: 's"&', redirect_uri: callbackUrl }))).text();
    const fields = Array.from(
      page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g),
      ([, name, value]) => [name, value?.replace("&quot;", '"').replace("&amp;", "&")],
    );
    const form: unknown = Object.fromEntries(fields);
    expect(form).toEqual({
      client_id: "key",
      response_type: "code",
      state: 's"&',
      redirect_uri: callbackUrl,
    });
    const answer = await decide(mock, mock.urls.authorize, { ...(form as object), decision: "grant" });
    expect(location(answer).searchParams.get("state")).toBe('s"&');
  });

  it("takes what its address says where a field says otherwise", async () => {
    const mock = start();
    const fields = { decision: "grant", state: "of the field" };
    const answer = await decide(mock, address(mock, { state: "of the address" }), fields);
    expect(location(answer).searchParams.get("state")).toBe("of the address");
  });

  it("gives the grant to the user who was chosen", async () => {
    const mock = start();
    const answer = await decide(mock, address(mock), { decision: "grant", username: "bob" });
    const { clientSecret } = mock.consumers[0] ?? {};
    const tokens = await mock.fetch(mock.urls.token, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`key:${clientSecret}`)}` },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: location(answer).searchParams.get("code") ?? "",
      }),
    });
    const { access_token: token } = (await tokens.json()) as { access_token: string };
    const user = await mock.fetch(`${mock.urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await user.json()).toMatchObject({ username: "bob" });
  });

  it("takes the first user when the form names none", async () => {
    const mock = start();
    expect(location(await decide(mock, address(mock), { decision: "grant" })).searchParams.has("code")).toBe(
      true,
    );
  });

  it("shows the page again to a post from which no decision can be read, instead of granting", async () => {
    const mock = start();
    const multipart = new FormData();
    multipart.set("decision", "cancel");
    for (const body of [multipart, new URLSearchParams({ decision: "Cancel" }), '{"decision":"cancel"}']) {
      const answer = await mock.fetch(address(mock), { method: "POST", body });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(">Grant access</button>");
    }
  });

  it("answers Cancel with access_denied and the state, and no code", async () => {
    const mock = start();
    const { searchParams } = location(
      await decide(mock, address(mock, { state: "s" }), { decision: "cancel" }),
    );
    expect(searchParams.get("error")).toBe("access_denied");
    expect(searchParams.get("state")).toBe("s");
    expect(searchParams.has("code")).toBe(false);
  });

  it.each([
    ["an unknown consumer", { client_id: "nobody" }, "no consumer has this client_id"],
    ["a foreign redirect_uri", { redirect_uri: "https://evil.example/" }, "redirect_uri is not the consumer"],
    ["another response type", { response_type: "<img>" }, "response_type &lt;img&gt; is not supported"],
  ])("answers %s with a page that says why, never a redirect", async (_what, parameters, reason) => {
    const mock = start();
    const answer = await mock.fetch(address(mock, parameters));
    expect(answer.status).toBe(400);
    expect(answer.headers.has("location")).toBe(false);
    const page = await answer.text();
    expect(page).toContain("callback URL is invalid");
    expect(page).toContain(reason);
    expect(mock.violations).toHaveLength(1);
  });

  it("approves by itself for mock_user and for autoApprove", async () => {
    const mock = start();
    expect(location(await mock.fetch(address(mock, { mock_user: "bob" }))).searchParams.has("code")).toBe(
      true,
    );
    mock.autoApprove = "alice";
    expect(location(await mock.fetch(address(mock))).searchParams.has("code")).toBe(true);
    mock.autoApprove = "nobody";
    expect((await mock.fetch(address(mock))).status).toBe(200);
  });
});

describe("authorize() and deny()", () => {
  it("carry the app's own address to its callback", () => {
    const mock = start();
    const { code, redirect } = mock.authorize({ url: address(mock, { state: "s" }), user: "bob" });
    expect(redirect.searchParams.get("code")).toBe(code);
    expect(mock.deny({ url: address(mock, { state: "s" }) }).searchParams.get("error")).toBe("access_denied");
  });

  it("grant the scopes a test names, where Bitbucket would grant the consumer's", async () => {
    const mock = start();
    const { code } = mock.authorize({ url: address(mock, { scope: "account" }), scope: ["email"] });
    const ignored = mock.authorize({ url: address(mock, { scope: "account" }) }).code;
    const scopeOf = async (sent: string): Promise<unknown> => {
      const { body } = await reply(await postToken(mock, { grant_type: "authorization_code", code: sent }));
      return body["scope"];
    };
    expect(await scopeOf(code)).toBe("email");
    expect(await scopeOf(ignored)).toBe("account repository:write");
  });

  it("throw what Bitbucket would refuse", () => {
    const mock = start();
    expect(() => mock.authorize({ url: address(mock, { client_id: "nobody" }) })).toThrow("client_id");
    expect(() => mock.authorize({ consumer: "nobody" })).toThrow("no consumer nobody");
    expect(() => mock.authorize({ user: "nobody" })).toThrow("no user nobody");
  });
});

const exact = profiles["cloud-2026"];
const prefix = { ...exact, redirectUri: "prefix" } as const;

describe("isRegisteredCallback()", () => {
  it.each([
    ["https://app.example/cb", "https://app.example/cb", true],
    ["https://app.example/cb", "https://app.example/cb/", false],
    ["https://app.example/cb", "https://app.example/cb?x=1", false],
    ["https://app.example/cb", "http://app.example/cb", false],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", true],
    ["http://localhost:34106/", "http://localhost:1/", true],
    ["http://[::1]/cb", "http://[::1]:9/cb", true],
    ["http://127.0.0.1/cb", "http://localhost:49152/cb", false],
    ["http://127.0.0.1/cb", "http://127.0.0.1:49152/other", false],
    ["https://app.example/cb", "https://app.example:8443/cb", false],
    ["https://app.example/cb", "not an address", false],
  ])("for %s says of %s: %s", (registeredUrl, sent, registered) => {
    expect(isRegisteredCallback(exact, registeredUrl, sent)).toBe(registered);
  });

  it.each([
    ["https://app.example/cb", "https://app.example/cb/more", true],
    ["https://app.example/cb", "https://app.example/cb?x=1", true],
    ["https://app.example/", "https://app.example/more", true],
    ["https://app.example/cb", "https://app.example/cbx", false],
    ["https://app.example", "https://app.example.evil.example/", false],
  ])("by the prefix rule for %s says of %s: %s", (registeredUrl, sent, registered) => {
    expect(isRegisteredCallback(prefix, registeredUrl, sent)).toBe(registered);
  });

  it("holds the loopback port to the registered one where the profile says so", () => {
    const strict = { ...exact, loopbackPort: "exact" } as const;
    expect(isRegisteredCallback(strict, "http://127.0.0.1/cb", "http://127.0.0.1:9/cb")).toBe(false);
  });
});
