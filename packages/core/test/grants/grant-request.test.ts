import { afterEach, describe, expect, it, vi } from "vitest";
import { bitbucketCloud } from "../../src/bitbucket-endpoints.ts";
import { InvalidOptionsError } from "../../src/errors.ts";
import { requestAsConsumer } from "../../src/grants/grant-request.ts";
import { createFakeFetch, jsonResponse } from "../fake-fetch.ts";
import { grantingFetch, grantOptions } from "./grant-cases.ts";

const form = { grant_type: "client_credentials" } as const;
const consumer = { clientId: "the-key", clientSecret: "the-secret" };

describe("requestAsConsumer()", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("goes to Bitbucket when no other server is named", async () => {
    const { fetch, requests } = grantingFetch();
    await requestAsConsumer(form, { ...consumer, fetch });
    expect(requests.map(({ url }) => url)).toEqual([bitbucketCloud.tokenUrl]);
  });

  it("uses the global fetch of the moment when no other is given", async () => {
    const { fetch, requests } = grantingFetch();
    vi.stubGlobal("fetch", fetch);
    await requestAsConsumer(form, consumer);
    expect(requests).toHaveLength(1);
  });

  it("rejects with what the answer means", async () => {
    const { fetch } = createFakeFetch(jsonResponse({}, { status: 503, headers: { "retry-after": "5" } }));
    await expect(requestAsConsumer(form, grantOptions(fetch))).rejects.toMatchObject({
      code: "token_request_failed",
      retryAt: 1_005_000,
    });
  });

  it("rejects when its signal is aborted meanwhile", async () => {
    const caller = new AbortController();
    const { fetch } = createFakeFetch(() => new Promise<Response>(() => caller.abort()));
    await expect(
      requestAsConsumer(form, { ...grantOptions(fetch), signal: caller.signal }),
    ).rejects.toMatchObject({ code: "token_request_failed" });
  });

  it("sends credentials to no insecure place", async () => {
    const { fetch, requests } = grantingFetch();
    const request = requestAsConsumer(form, {
      ...grantOptions(fetch),
      tokenUrl: "http://bitbucket.test/token",
    });
    await expect(request).rejects.toThrow(InvalidOptionsError);
    expect(requests).toHaveLength(0);
  });
});
