import { describe, expect, it } from "vitest";
import { type BitBucketClient, type BitbucketClientOptions, createBitbucketClient } from "../src/index.ts";
import { createFakePage, thrownBy, type FakePage } from "./fake-page.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function createBackendStage(
  answer: () => Response | Promise<Response> = () => Response.json({ type: "user" }),
  extra: Partial<BitbucketClientOptions> = {},
): { readonly client: BitBucketClient; readonly page: FakePage; readonly sent: readonly Sent[] } {
  const sent: Sent[] = [];
  const page = createFakePage();
  const client = createBitbucketClient({
    backend: "/auth/bitbucket",
    location: page.location,
    history: page.history,
    async fetch(input, init = {}) {
      sent.push({ url: input instanceof Request ? input.url : input.toString(), init });
      return answer();
    },
    clock: { now: () => 1_000 },
    ...extra,
  });
  return { client, page, sent };
}

describe("authorize() with a backend", () => {
  it("goes to the login route and asks to come back to this very page", () => {
    const { client, page } = createBackendStage();
    expect(client.authorize()).toBe(client);
    expect(page.visited).toEqual(["/auth/bitbucket?returnTo=%2Frepos%3Fsort%3Dname%23top"]);
  });

  it("comes back to another page when told", () => {
    const { client, page } = createBackendStage();
    client.authorize({ returnTo: "/welcome?first=1&again=2" });
    expect(page.visited).toEqual(["/auth/bitbucket?returnTo=%2Fwelcome%3Ffirst%3D1%26again%3D2"]);
  });
});

describe("processCallback() with a backend", () => {
  it("leaves the page alone: the callback is the backend's", () => {
    const { client, page } = createBackendStage();
    page.open("https://app.test/#access_token=planted&state=planted-planted-planted");
    expect(client.processCallback()).toBe(false);
    expect(page.steps).toEqual([]);
  });
});

describe("fetchResource() with a backend", () => {
  it("goes through the proxy of this origin, as the proxy wants it, without a token", async () => {
    const { client, sent } = createBackendStage();
    expect(await client.fetchResource({ resourceUrl: "/2.0/user?fields=uuid" })).toEqual({ type: "user" });
    expect(sent).toMatchObject([
      {
        url: "/api/bitbucket/2.0/user?fields=uuid",
        init: { method: "GET", mode: "same-origin", headers: { accept: "application/json" } },
      },
    ]);
    expect(JSON.stringify(sent).toLowerCase()).not.toContain("authorization");
  });

  it("follows a page's `next`, which is a whole URL of the API", async () => {
    const { client, sent } = createBackendStage(undefined, { proxy: "/my/proxy" });
    await client.fetchResource({ resourceUrl: "https://api.bitbucket.org/2.0/repositories/me?page=2" });
    expect(sent[0]?.url).toBe("/my/proxy/2.0/repositories/me?page=2");
  });

  it("sends objects as JSON, and everything else as it is", async () => {
    const { client, sent } = createBackendStage();
    const form = new FormData();
    const bodies = [{ title: "é" }, ["a"], "text", form, new URLSearchParams({ a: "b" })];
    for (const body of bodies) await client.fetchResource({ resourceUrl: "/2.0/x", method: "post", body });
    expect(sent.map(({ init }) => init.body)).toEqual(['{"title":"é"}', '["a"]', "text", form, bodies[4]]);
    expect(sent.map(({ init }) => init.method)).toEqual(bodies.map(() => "POST"));
    expect(sent.map(({ init }) => new Headers(init.headers).get("content-type"))).toEqual([
      "application/json",
      "application/json",
      null,
      null,
      null,
    ]);
  });

  it("takes headers in every form, and no authorization among them", async () => {
    const { client, sent } = createBackendStage();
    const headers = { "If-Match": "e", Authorization: "Bearer mine", Accept: "text/plain" };
    for (const given of [headers, new Headers(headers), Object.entries(headers)] as HeadersInit[])
      await client.fetchResource({ resourceUrl: "/2.0/x", headers: given });
    for (const { init } of sent) expect(init.headers).toEqual({ "if-match": "e", accept: "text/plain" });
  });

  it.each([
    ["JSON", () => Response.json([1]), [1]],
    [
      "JSON of another name",
      () => new Response("[1]", { headers: { "content-type": "application/hal+json" } }),
      [1],
    ],
    ["text", () => new Response("diff --git"), "diff --git"],
    ["nothing", () => new Response(null, { status: 204 }), undefined],
  ])("resolves with %s", async (_what, answer, data) => {
    expect(await createBackendStage(answer).client.fetchResource({ resourceUrl: "/2.0/x" })).toEqual(data);
  });

  it.each([
    [401, { code: "signed_out", action: "reauthorize", status: 401 }],
    [403, { code: "api_request_failed", action: "fix_config", transient: false, status: 403 }],
    [404, { code: "api_request_failed", transient: false, status: 404 }],
    [429, { code: "rate_limited", transient: true, retryAt: 61_000 }],
    [500, { code: "api_request_failed", action: "retry", transient: true }],
    [503, { code: "api_request_failed", action: "retry", transient: true }],
  ])("rejects a %d with the next step", async (status, expected) => {
    const { client } = createBackendStage(() =>
      Response.json({ error: { message: "hidden words" } }, { status, headers: { "retry-after": "60" } }),
    );
    const error: unknown = await client
      .fetchResource({ resourceUrl: "/2.0/x" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain("hidden words");
  });

  it("rejects what did not arrive, typed, without the platform's words", async () => {
    for (const failure of [new TypeError("hidden words"), new SyntaxError("hidden words")]) {
      const { client } = createBackendStage(() => Promise.reject(failure));
      const error: unknown = await client
        .fetchResource({ resourceUrl: "/2.0/x" })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "api_request_failed", transient: true });
      expect(String(error)).not.toContain("hidden words");
    }
  });

  it("rejects an answer that is cut short", async () => {
    const { client } = createBackendStage(
      () => new Response('{"a":', { headers: { "content-type": "application/json" } }),
    );
    await expect(client.fetchResource({ resourceUrl: "/2.0/x" })).rejects.toMatchObject({
      code: "api_request_failed",
    });
  });

  it("rejects an aborted call with the caller's own reason", async () => {
    const caller = new AbortController();
    const { client } = createBackendStage(() => {
      caller.abort(new Error("mine"));
      return Promise.reject(caller.signal.reason);
    });
    await expect(
      client.fetchResource({ resourceUrl: "/2.0/x", signal: caller.signal }),
    ).rejects.toMatchObject({ message: "mine" });
  });

  it("rejects after timeoutMs, typed, when no response comes", async () => {
    const { client } = createBackendStage(undefined, {
      timeoutMs: 20,
      fetch: (_url, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    });
    await expect(client.fetchResource({ resourceUrl: "/2.0/x" })).rejects.toMatchObject({
      code: "api_request_failed",
    });
  });

  it("sends nothing that is not the API's", async () => {
    const { client, sent } = createBackendStage();
    for (const resourceUrl of [
      "https://evil.test/2.0/user",
      "//evil.test/2.0/user",
      "/\\evil.test",
      "2.0/user",
      "",
    ])
      await expect(client.fetchResource({ resourceUrl })).rejects.toMatchObject({ code: "foreign_origin" });
    expect(sent).toEqual([]);
  });
});

describe("signOut() with a backend", () => {
  it("posts to the logout route of this origin", async () => {
    const { client, sent } = createBackendStage(() => new Response(null, { status: 204 }));
    await client.signOut();
    expect(sent).toMatchObject([
      { url: "/auth/bitbucket/logout", init: { method: "POST", mode: "same-origin" } },
    ]);
  });

  it("takes another path, and says when it did not work", async () => {
    const { client, sent } = createBackendStage(() => new Response("", { status: 503 }), { logout: "/bye" });
    await expect(client.signOut()).rejects.toMatchObject({ code: "api_request_failed", transient: true });
    expect(sent[0]?.url).toBe("/bye");
  });
});

describe("createBitbucketClient()", () => {
  const client = { client_id: "key", redirect_uri: "https://app.test/callback" };

  it.each<[string, BitbucketClientOptions]>([
    ["neither backend nor client", {}],
    ["both backend and client", { backend: "/auth/bitbucket", client }],
    ["a backend elsewhere", { backend: "https://evil.test/auth" }],
    ["a backend elsewhere, in short", { backend: "//evil.test/auth" }],
    ["a proxy elsewhere", { backend: "/auth", proxy: "//evil.test" }],
    ["a logout elsewhere", { backend: "/auth", logout: "https://evil.test/" }],
    ["a backend that is empty", { backend: "" }],
    ["no client_id", { client: { ...client, client_id: "" } }],
    ["no redirect_uri", { client: { client_id: "key" } }],
    ["no redirect_uris", { client: { client_id: "key", redirect_uris: [] } }],
    ["a redirect_uri that is a path", { client: { ...client, redirect_uri: "/callback" } }],
    ["a redirect_uri with a fragment", { client: { ...client, redirect_uri: "https://app.test/#x" } }],
    ["an API on plain http", { client, apiUrl: "http://api.bitbucket.org" }],
    ["an API that is no URL", { client, apiUrl: "api.bitbucket.org" }],
    ["an endpoint on plain http", { client, authorizationEndpoint: "http://bitbucket.org/authorize" }],
  ])("refuses %s", (_what, options) => {
    expect(thrownBy(() => createBitbucketClient(options))).toMatchObject({ code: "invalid_options" });
  });

  it("takes a server on this machine", () => {
    const local = createBitbucketClient({
      client,
      apiUrl: "http://127.0.0.1:4010",
      authorizationEndpoint: "http://localhost:4010/authorize",
    });
    expect(local.buildRequestObj({ resourceUrl: "/2.0/user" }).url).toBe("http://127.0.0.1:4010/2.0/user");
  });

  it("works where there is no page until one is needed, and then says so", () => {
    expect(thrownBy(() => createBitbucketClient({ backend: "/auth" }).authorize())).toMatchObject({
      code: "invalid_options",
    });
    expect(thrownBy(() => createBitbucketClient({ client }).processCallback())).toMatchObject({
      code: "invalid_options",
    });
  });
});
