import { describe, expect, it, vi } from "vitest";
import { BitBucketClient, type RequestObject, type ResourceOptions } from "../src/index.ts";
import { createImplicitStage, type ImplicitStage } from "./client-under-test.ts";
import { createFakePage } from "./fake-page.ts";

async function signedIn(extra?: Parameters<typeof createImplicitStage>[0]): Promise<ImplicitStage> {
  const stage = createImplicitStage(extra);
  stage.client.authorize();
  await stage.consent();
  stage.client.processCallback();
  return stage;
}

describe("the token of an implicit sign-in", () => {
  it("is in no storage and does not show when the client is printed", async () => {
    const { client, page, mock } = await signedIn();
    const token = client.callbackData?.access_token ?? "";
    expect(token.length).toBeGreaterThan(100);
    expect(page.storage.entries.size).toBe(0);
    expect(mock.leaks(JSON.stringify([client, Object.entries(client.callbackData ?? {})]))).toEqual([]);
  });

  it("is kept beyond a reload only with dangerouslyKeepTokenIn", async () => {
    const vault = createFakePage().storage;
    const { options } = await signedIn({ dangerouslyKeepTokenIn: vault });
    expect(vault.entries.size).toBe(1);
    const reloaded = new BitBucketClient(options);
    expect(await reloaded.fetchResource({ resourceUrl: "/2.0/user" })).toMatchObject({ type: "user" });
    await reloaded.signOut();
    expect(vault.entries.size).toBe(0);
  });

  it.each(["", "garbage", "9999999999999 tok\nen", "soon token", '{"access_token":"a"}'])(
    "is not read from a storage that holds %j",
    async (text) => {
      const vault = createFakePage().storage;
      vault.setItem("oauth-state-token", text);
      const { client, mock } = createImplicitStage({ dangerouslyKeepTokenIn: vault });
      await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
        code: "signed_out",
      });
      expect(mock.requests.all).toEqual([]);
    },
  );

  it("is not sent once it has expired", async () => {
    const { client, mock } = await signedIn();
    await mock.clock.advance("3h");
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
      action: "reauthorize",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });

  it("is forgotten when the API refuses it", async () => {
    const { client, mock } = await signedIn();
    mock.faults.next("api", { status: 401 });
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
      status: 401,
    });
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });

  it("is forgotten when the user signs out", async () => {
    const { client, mock } = await signedIn();
    await client.signOut();
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "signed_out",
    });
    expect(mock.requests.all).toHaveLength(sent);
  });
});

const tricks = [
  "https://evil.test/2.0/user",
  "http://api.bitbucket.org/2.0/user",
  "https://api.bitbucket.org.evil.test/2.0/user",
  "https://api.bitbucket.org@evil.test/2.0/user",
  "https://api.bitbucket.org:443@evil.test/2.0/user",
  "https://user:password@api.bitbucket.org/2.0/user",
  "https://evil.test@api.bitbucket.org/2.0/user",
  "https://api.bitbucket.org:444/2.0/user",
  "https://api.bitbucket.org\\.evil.test/2.0/user",
  "https://api.bitbucket.org\\@evil.test/2.0/user",
  "https://evil.test\\@api.bitbucket.org/2.0/user",
  "https://api.bitbucket.org\n.evil.test/2.0/user",
  "https://api.bitbucket.org\t.evil.test/2.0/user",
  "https://\u0430pi.bitbucket.org/2.0/user",
  "https://api.bitbucket.org\u3002evil.test/2.0/user",
  "https:evil.test/2.0/user",
  "//evil.test/2.0/user",
  "///evil.test/2.0/user",
  "/\\evil.test/2.0/user",
  "\\\\evil.test/2.0/user",
  "/\t/evil.test/2.0/user",
  "blob:https://api.bitbucket.org/0a1b",
  "data:text/html,hello",
  "javascript:alert(1)",
  "evil.test/2.0/user",
  "",
];

describe("the bearer token of an implicit sign-in", () => {
  it.each(tricks)("does not go to %j", async (resourceUrl) => {
    const { client, mock } = await signedIn();
    const sent = mock.requests.all.length;
    await expect(client.fetchResource({ resourceUrl })).rejects.toMatchObject({ code: "foreign_origin" });
    expect(mock.requests.all).toHaveLength(sent);
  });

  it("goes to the API's origin, in a request that carries no cookies and follows nothing", async () => {
    const sent: [string, RequestInit | undefined][] = [];
    const { client } = await signedIn({
      fetch: (input, init) => {
        sent.push([input instanceof Request ? input.url : input.toString(), init]);
        return Promise.resolve(Response.json({}));
      },
    });
    await client.fetchResource({ resourceUrl: "/2.0/../2.0/user" });
    const token = client.callbackData?.access_token;
    expect(sent).toMatchObject([
      [
        "https://api.bitbucket.org/2.0/user",
        {
          credentials: "omit",
          redirect: "manual",
          headers: { accept: "application/json", authorization: `Bearer ${token}` },
        },
      ],
    ]);
  });

  it("is not taken from the caller's headers", async () => {
    const { client, mock } = await signedIn();
    await client.fetchResource({ resourceUrl: "/2.0/user", headers: { Authorization: "Bearer mine" } });
    expect(mock.violations).toEqual([]);
  });

  it.each([301, 302, 307, 308, 0])("is not sent to the target of a redirect (%d)", async (status) => {
    let calls = 0;
    const { client } = await signedIn({
      fetch: () => {
        calls += 1;
        const answer = new Response(null, {
          status: status || 200,
          headers: { location: "https://evil.test/" },
        });
        // What a browser answers to `redirect: "manual"`.
        if (status === 0)
          Object.defineProperties(answer, {
            status: { value: 0 },
            ok: { value: false },
            type: { value: "opaqueredirect" },
          });
        return Promise.resolve(answer);
      },
    });
    await expect(client.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "api_request_failed",
      status: status || 302,
      transient: false,
    });
    expect(calls).toBe(1);
  });

  it("is not given to a subclass that aims the request elsewhere", async () => {
    const { options, client, page } = await signedIn();
    const seen: RequestObject[] = [];
    class Careless extends BitBucketClient {
      override buildRequestObj(resource: ResourceOptions): RequestObject {
        const request = super.buildRequestObj(resource);
        seen.push(request);
        return { ...request, url: "https://evil.test/2.0/user" };
      }
      override makeAjaxRequest(request: RequestObject): Promise<unknown> {
        seen.push(request);
        return Promise.resolve({});
      }
    }
    const careless = new Careless(options);
    page.open(page.location.href);
    careless.authorize();
    const state = page.storage.entries.get("oauth-state") ?? "";
    page.open(`https://app.test/callback#access_token=the-token&state=${state}`);
    careless.processCallback();
    await expect(careless.fetchResource({ resourceUrl: "/2.0/user" })).rejects.toMatchObject({
      code: "foreign_origin",
    });
    expect(JSON.stringify(seen)).not.toContain("the-token");
    expect(seen).toHaveLength(1);
    expect(client.callbackData).not.toBeNull();
  });
});

describe("a client with logging: true", () => {
  it("logs each step and no secret", async () => {
    const lines: unknown[] = [];
    const logger = { log: (...line: unknown[]) => void lines.push(line) };
    const stage = await signedIn({ logging: true, logger });
    await stage.client.fetchResource({ resourceUrl: "/2.0/user" });
    await stage.client.fetchResource({ resourceUrl: "https://evil.test/" }).catch(() => undefined);
    const states = stage.page.visited.map((url) => new URL(url).searchParams.get("state") ?? "");
    const printed = JSON.stringify(lines);
    for (const step of ["authorize", "onStateMatch", "fetchResource", "onSuccess", "foreign_origin"])
      expect(printed).toContain(step);
    expect(stage.mock.leaks(printed)).toEqual([]);
    for (const state of states) expect(printed).not.toContain(state);
  });

  it("logs to the console without a logger, and a client without it logs nothing", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    createImplicitStage().client.authorize();
    expect(log).not.toHaveBeenCalled();
    createImplicitStage({ logging: true }).client.authorize();
    expect(log).toHaveBeenCalledWith("bitbucket-auth:", "authorize");
    log.mockRestore();
  });
});
