import { describe, expect, it } from "vitest";
import { createBitbucketClient, createPageStorage, getAccessToken } from "../src/global.ts";
import { createFakePage, rejectionOf, thrownBy } from "./fake-page.ts";

const invalid = { code: "invalid_options" };
const { location } = createFakePage();
const fetch = async (): Promise<Response> => Response.json({});
const circular: Record<string, unknown> = {};
circular["self"] = circular;

describe("wrong use of createBitbucketClient()", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a number", 4],
    ["a redirect_uris that is null and no redirect_uri", { client: { client_id: "a", redirect_uris: null } }],
    ["a redirect_uri that is a number", { client: { client_id: "a", redirect_uri: 4 } }],
  ])("with %s ends in InvalidOptionsError", (_what, options) => {
    expect(thrownBy(() => Reflect.apply(createBitbucketClient, undefined, [options]))).toMatchObject(invalid);
  });

  it("names an option that it does not have", () => {
    const options = { backend: "/auth/bitbucket", proxi: "/api/other" };
    const error = thrownBy(() => createBitbucketClient(options));
    expect(error).toMatchObject({ ...invalid, message: "proxi is no option." });
  });

  it("with redirect_uris as one text is none", () => {
    const client = { client_id: "a", redirect_uris: "https://app.test/callback" };
    const made = Reflect.apply(createBitbucketClient, undefined, [{ client }]);
    expect(made.client).toMatchObject({ redirect_uris: ["https://app.test/callback"] });
  });
});

describe("wrong use of a client", () => {
  const client = createBitbucketClient({ backend: "/auth/bitbucket", location, fetch });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["an address that is none", { resourceUrl: 4 }],
  ])("as fetchResource() of %s ends in ForeignOriginError", async (_what, resource) => {
    const error = await rejectionOf(Reflect.apply(client.fetchResource, client, [resource]));
    expect(error).toMatchObject({ code: "foreign_origin" });
  });

  it.each([
    ["a method", { method: 4 }],
    ["headers", { headers: { "a b": "c" } }],
    ["a body", { method: "POST", body: circular }],
  ])("as fetchResource() with %s that cannot be sent ends in InvalidOptionsError", async (_what, rest) => {
    const resource = { resourceUrl: "/2.0/user", ...rest };
    const error = await rejectionOf(Reflect.apply(client.fetchResource, client, [resource]));
    expect(error).toMatchObject(invalid);
  });

  it("as authorize(null) is as authorize()", () => {
    expect(Reflect.apply(client.authorize, client, [null])).toBe(client);
  });
});

describe("wrong use of getAccessToken() in a page", () => {
  const consumer = { consumerKey: "key", consumerSecret: "secret", fetch };

  it.each([
    ["a config", null],
    ["a config", 4],
    ["a consumerKey", { ...consumer, consumerKey: 4 }],
    ["a storage", { ...consumer, storage: "localStorage" }],
    ["a loadConfig", { ...consumer, loadConfig: "load", saveConfig: "save" }],
    ["a credentialsProvider", { ...consumer, credentialsProvider: "me" }],
    ["a useRefreshToken", { ...consumer, useRefreshToken: true }],
    ["a fetch", { ...consumer, fetch: "fetch" }],
    ["both functions", { ...consumer, loadConfig: () => undefined }],
  ])("with something else than %s ends in InvalidOptionsError", async (_what, config) => {
    expect(await rejectionOf(Reflect.apply(getAccessToken, undefined, [config]))).toMatchObject(invalid);
  });
});

describe("wrong use of createPageStorage()", () => {
  it.each([
    ["an empty name", { name: "" }],
    ["a name that is a number", { name: 4 }],
    ["an option that it does not have", { nmae: "grants" }],
  ])("with %s ends in InvalidOptionsError", (_what, options) => {
    expect(thrownBy(() => Reflect.apply(createPageStorage, undefined, [options]))).toMatchObject(invalid);
  });
});
