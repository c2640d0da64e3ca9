import { describe, expect, it } from "vitest";
import {
  BitBucketClient,
  type CallbackData,
  type ClientConfig,
  type ResourceFailure,
  type ResourceSuccess,
  type ValidClientConfig,
} from "../src/index.ts";
import { createImplicitStage } from "./client-under-test.ts";
import { thrownBy } from "./fake-page.ts";

/** Records the calls of its hooks. */
class Told extends BitBucketClient {
  readonly told: [hook: string, what: unknown][] = [];

  override onStateMatch(callbackData: CallbackData): void {
    this.told.push(["onStateMatch", callbackData.access_token === this.callbackData?.access_token]);
  }
  override onStateMismatch(error: Error): void {
    this.told.push(["onStateMismatch", error.name]);
  }
  override onSuccess({ resourceUrl, method, data }: ResourceSuccess): void {
    this.told.push(["onSuccess", { resourceUrl, method, data }]);
  }
  override onFailure({ resourceUrl, error }: ResourceFailure): void {
    this.told.push(["onFailure", { resourceUrl, name: error instanceof Error && error.name }]);
  }
}

describe("the hooks of a subclass", () => {
  it("are called for a sign-in, a response and a failure", async () => {
    const { options, page, consent } = createImplicitStage();
    const client = new Told({ ...options, ajax: ({ url }) => ({ url }) });
    client.authorize();
    await consent();
    client.processCallback();
    const resource = { resourceUrl: "/2.0/user", method: "GET" };
    await client.fetchResource(resource);
    await client.fetchResource({ resourceUrl: "https://evil.test/" }).catch(() => undefined);
    expect(client.told).toEqual([
      ["onStateMatch", true],
      ["onSuccess", { ...resource, data: { url: "https://api.bitbucket.org/2.0/user" } }],
      ["onFailure", { resourceUrl: "https://evil.test/", name: "ForeignOriginError" }],
    ]);
    expect(page.location.href).toBe("https://app.test/callback");
  });

  it("see an address without the callback's parameters", async () => {
    const seen: string[] = [];
    const { options, page, consent } = createImplicitStage();
    class Looking extends BitBucketClient {
      override onStateMatch(): void {
        seen.push(page.location.href);
      }
      override onStateMismatch(): void {
        seen.push(page.location.href);
      }
    }
    const client = new Looking(options);
    client.authorize();
    await consent();
    const { href } = page.location;
    client.processCallback();
    page.open(href);
    expect(thrownBy(() => client.processCallback())).toMatchObject({ code: "state_mismatch" });
    expect(seen).toEqual(["https://app.test/callback", "https://app.test/callback"]);
  });

  it("tell a state mismatch from a refusal", async () => {
    const { options, page, consent } = createImplicitStage();
    const client = new Told(options);
    client.authorize();
    await consent("cancel");
    const { href } = page.location;
    thrownBy(() => client.processCallback());
    page.open(href);
    thrownBy(() => client.processCallback());
    expect(client.told).toEqual([
      ["onFailure", { resourceUrl: undefined, name: "AuthorizationDeniedError" }],
      ["onStateMismatch", "StateMismatchError"],
    ]);
  });

  it("may check and complete the client configuration", () => {
    class Scoped extends BitBucketClient {
      override validateClientConfig(client: ClientConfig): ValidClientConfig {
        return super.validateClientConfig({ scope: "account", ...client });
      }
    }
    const { options, page } = createImplicitStage({
      client: { client_id: "page-key", redirect_uri: "https://app.test/callback" },
    });
    new Scoped(options).authorize();
    expect(page.visited[0]).toContain("scope=account");
  });
});

describe("the example of 2017", () => {
  it("runs as it was documented", async () => {
    const { page, mock, consent } = createImplicitStage();
    const { location, history, storage } = page;
    const $ = {
      ajax: ({ url, headers }: { url: string; headers: HeadersInit }) =>
        mock.fetch(url, { headers }).then((res) => res.json()),
    };
    const client = {
      client_id: "page-key",
      redirect_uri: "https://app.test/callback",
      scope: "foo bar",
    };

    class MyBitBucketClient extends BitBucketClient {
      handleFetchResourceClick() {}
      override init() {
        return this;
      }
    }
    function createBitbucketClient(opts: object = {}) {
      const all = Object.assign(opts, { $, location, history, storage });
      return new MyBitBucketClient(all).init();
    }
    const bitBucketClient = createBitbucketClient({ client });
    bitBucketClient.authorize();

    await consent();
    bitBucketClient.processCallback();
    const resourceUrl = "/2.0/user";
    const method = "GET";
    expect(await bitBucketClient.fetchResource({ resourceUrl, method })).toMatchObject({ type: "user" });
  });

  it.each([
    ["a promise", Promise.resolve("x".repeat(43))],
    ["an object", { length: 43 }],
    ["a number", 4],
    ["nothing", undefined],
  ])("refuses a generateState() that gives %s", (_what, state) => {
    const { options, page } = createImplicitStage();
    const client = Object.assign(new BitBucketClient(options), { generateState: () => state });
    expect(thrownBy(() => client.authorize())).toMatchObject({ code: "invalid_options" });
    expect(page.visited).toEqual([]);
  });
});
