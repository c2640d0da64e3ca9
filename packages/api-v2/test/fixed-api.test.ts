import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { createBitBucketAPI, createBitbucketAPI } from "../src/index.ts";
import { recordFetch } from "./recorded-fetch.ts";
import { rejection } from "./signed-in-api.ts";

describe("createBitbucketAPI()", () => {
  it("calls with an access token, given alone or by name", async () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant().tokens;
    expect(await createBitbucketAPI({ accessToken, fetch: mock.fetch }).user.get()).toMatchObject({
      username: "alice",
    });
    const { fetch } = globalThis;
    globalThis.fetch = mock.fetch;
    try {
      expect(await createBitbucketAPI(accessToken).user.get()).toMatchObject({ username: "alice" });
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it("has its older spelling too", () => {
    expect(createBitBucketAPI).toBe(createBitbucketAPI);
  });

  it("calls with a username and a password in UTF-8", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    await createBitbucketAPI({
      basicAuth: { username: "a@example.com", password: "gehëim" },
      fetch,
    }).user.get();
    expect(sent[0]?.authorization).toBe(`Basic ${Buffer.from("a@example.com:gehëim").toString("base64")}`);
  });

  it("calls as nobody without an Authorization header", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    await createBitbucketAPI({ fetch }).hookEvents.get();
    expect(sent[0]?.authorization).toBeNull();
  });

  it("changes its credentials when told, each for the calls that follow", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    const api = createBitbucketAPI({ accessToken: "one", fetch });
    await api.user.get();
    await api.authenticateOAuth2("two").user.get();
    await api.authenticateBasic("a", "b").user.get();
    await api.deAuthenticate().user.get();
    expect(sent.map(({ authorization }) => authorization)).toEqual([
      "Bearer one",
      "Bearer two",
      "Basic YTpi",
      null,
    ]);
  });

  it("keeps the token of one object from another", async () => {
    const { fetch, sent } = recordFetch(async () => Response.json({}));
    const one = createBitbucketAPI({ accessToken: "one", fetch });
    const two = createBitbucketAPI({ accessToken: "two", fetch });
    await Promise.all([one.user.get(), two.user.get()]);
    expect(new Set(sent.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer one", "Bearer two"]),
    );
  });

  it.each([
    [{ accessToken: "dead" }, "createAuthenticatedAPI() renews it"],
    [{ accessToken: "ATATTdead" }, "Pass basicAuth instead"],
    [{ basicAuth: { username: "a", password: "b" } }, "App passwords ended"],
    [{}, "wants to know who asks"],
  ])("says what to do when Bitbucket refuses %o", async (credentials, words) => {
    const mock = createBitbucketMock();
    const error = await rejection(createBitbucketAPI({ ...credentials, fetch: mock.fetch }).user.get());
    expect(error).toMatchObject({ code: "access_token_rejected", message: expect.stringContaining(words) });
  });

  it("leaves its credentials at home when Bitbucket redirects elsewhere", async () => {
    const mock = createBitbucketMock();
    mock.faults.next("api", { redirect: 302, to: "https://files.example/x" });
    const { fetch, sent } = recordFetch(
      (input, init) =>
        new Request(input).url.includes("files.example")
          ? Promise.resolve(new Response("x"))
          : mock.fetch(input, init),
      () => true,
    );
    await createBitbucketAPI({ basicAuth: { username: "a", password: "b" }, fetch }).get(
      "repositories/acme/web/downloads/x",
    );
    expect(sent.map(({ authorization }) => authorization)).toEqual(["Basic YTpi", null]);
  });

  it.each([
    "",
    { accessToken: "" },
    { basicAuth: { username: "a", password: "" } },
    { endpoints: { apiUrl: "http://api.example" } },
    { endpoints: { apiUrl: "nonsense" } },
  ])("refuses %o at once", (options) => {
    expect(() => createBitbucketAPI(options)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  });
});
