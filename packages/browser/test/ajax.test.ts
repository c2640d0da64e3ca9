import { describe, expect, it } from "vitest";
import { BitBucketClient, type BitbucketClientOptions, type RequestObject } from "../src/index.ts";
import { createImplicitStage } from "./client-under-test.ts";

/** What jQuery's `ajax` returned before it had promises. */
function deferred(outcome: { readonly data?: unknown; readonly failed?: unknown }) {
  const self = {
    done(listener: (data: unknown) => void) {
      if (!("failed" in outcome)) listener(outcome.data);
      return self;
    },
    fail(listener: (failed: unknown) => void) {
      if ("failed" in outcome) listener(outcome.failed);
      return self;
    },
  };
  return self;
}

async function signedIn(extra: Partial<BitbucketClientOptions>): Promise<BitBucketClient> {
  const { client, consent } = createImplicitStage(extra);
  client.authorize();
  await consent();
  client.processCallback();
  return client;
}

describe("makeAjaxRequest() with jQuery", () => {
  it("hands the request to $.ajax, in the form jQuery takes", async () => {
    const requests: RequestObject[] = [];
    const $ = {
      answer: { type: "user" },
      ajax(request: RequestObject) {
        requests.push(request);
        // jQuery's own functions may need `this`.
        return deferred({ data: this.answer });
      },
    };
    const client = await signedIn({ $ });
    const body = { title: "x" };
    expect(await client.fetchResource({ resourceUrl: "/2.0/user", method: "post", body })).toEqual({
      type: "user",
    });
    expect(requests).toEqual([
      {
        url: "https://api.bitbucket.org/2.0/user",
        method: "POST",
        type: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          authorization: `Bearer ${client.callbackData?.access_token}`,
        },
        data: '{"title":"x"}',
        dataType: "json",
        crossDomain: true,
        contentType: false,
        processData: false,
        signal: undefined,
      },
    ]);
  });

  it("takes a function alone, and one that returns a promise", async () => {
    for (const answer of [deferred({ data: 7 }), Promise.resolve(7)]) {
      const client = await signedIn({ ajax: () => answer });
      expect(await client.fetchResource({ resourceUrl: "/2.0/user" })).toBe(7);
    }
  });

  it.each([
    [{ status: 401 }, "signed_out"],
    [{ status: 404 }, "api_request_failed"],
    [{ status: 429 }, "rate_limited"],
    [{ status: 0 }, "api_request_failed"],
    [{ status: 200, statusText: "parsererror" }, "api_request_failed"],
    ["no object", "api_request_failed"],
    [{ responseText: "hidden words" }, "api_request_failed"],
  ])("types a failure: %j", async (failed, code) => {
    for (const answer of [() => deferred({ failed }), () => Promise.reject(failed)]) {
      const client = await signedIn({ ajax: answer });
      const error: unknown = await client
        .fetchResource({ resourceUrl: "/2.0/x" })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(JSON.stringify(error) + String(error)).not.toContain("hidden words");
    }
  });

  it("can be replaced as a whole", async () => {
    const { options, page } = createImplicitStage();
    class Recorded extends BitBucketClient {
      override async makeAjaxRequest(request: RequestObject): Promise<unknown> {
        return `${request.method} ${request.url}`;
      }
    }
    const client = new Recorded(options);
    client.authorize();
    page.open(`https://app.test/callback#access_token=t&state=${page.storage.entries.get("oauth-state")}`);
    client.processCallback();
    expect(await client.fetchResource({ resourceUrl: "/2.0/user", method: "put" })).toBe(
      "PUT https://api.bitbucket.org/2.0/user",
    );
  });
});
