import { describe, expect, it } from "vitest";
import { getAccessToken } from "../../src/config-functions/get-tokens.ts";
import {
  createRequestHandler,
  handleError,
  handleSuccess,
  isSuccess,
  isUnauthorized,
  sendRequest,
  type RequestFunctionOptions,
  type ResponseFunctionOptions,
  type TokenHttpResponse,
} from "../../src/config-functions/request-functions.ts";
import { TokenRequestRejectedError } from "../../src/errors.ts";
import { createFakeFetch, jsonResponse, tokenBody } from "../fake-fetch.ts";
import {
  createConfigUnderTest,
  expired,
  grantsOf,
  refusal,
  rejectionOf,
  tokens,
} from "./config-under-test.ts";

const request: RequestFunctionOptions = {
  payload: { grant_type: "client_credentials" },
  consumerKey: "consumer-key",
  consumerSecret: "consumer-secret",
};
const res = (status: number, body: string): TokenHttpResponse => ({
  status,
  contentType: "application/json",
  body,
});
const ended = (status: number, body: string): ResponseFunctionOptions => ({
  ...request,
  res: res(status, body),
  unauthorized: false,
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("the defaults", () => {
  it.each([
    [199, false],
    [200, true],
    [204, false],
    [299, false],
    [300, false],
    [400, false],
    [0, false],
  ])("isSuccess() of status %d is %s", (status, expected) => {
    expect(isSuccess(res(status, ""))).toBe(expected);
  });

  it.each([
    [401, "", true],
    [401, "{}", true],
    [400, '{"error": "unauthorized_client"}', true],
    [400, '{"error":"invalid_client"}', true],
    [400, '{"error":"invalid_grant"}', false],
    [403, '{"error":"unauthorized_client"}', false],
    [200, "", false],
  ])("isUnauthorized() of status %d and %s is %s", (status, body, expected) => {
    expect(isUnauthorized(res(status, body))).toBe(expected);
  });

  it("handleSuccess() answers the body as an object", () => {
    expect(handleSuccess(ended(200, '{"access_token":"a","x":1}'))).toEqual({ access_token: "a", x: 1 });
  });

  it.each(["", "null", "[]", '"access-1"', "<html>access-1</html>", '{"access_token":'])(
    "handleSuccess() refuses the body %j and does not repeat it",
    (body) => {
      const error = thrownBy(() => handleSuccess(ended(200, body)));
      expect(error).toMatchObject({ code: "token_response_invalid" });
      expect(String(error)).not.toContain("access-1");
    },
  );

  it("handleError() throws what the answer means", () => {
    expect(thrownBy(() => handleError(ended(400, '{"error":"invalid_client"}')))).toMatchObject({
      code: "token_request_rejected",
      oauthError: "invalid_client",
    });
    const refresh = { ...ended(400, '{"error":"invalid_grant"}'), payload: { grant_type: "refresh_token" } };
    expect(thrownBy(() => handleError(refresh))).toMatchObject({ code: "refresh_rejected" });
    expect(thrownBy(() => handleError(ended(503, "")))).toMatchObject({ code: "token_request_failed" });
  });

  it("sendRequest() posts the payload once, as the consumer, and answers the body", async () => {
    const { fetch, requests } = createFakeFetch(jsonResponse(tokenBody()));
    const url = "https://example.com/token";
    expect(await sendRequest({ ...request, url, fetch })).toEqual(tokenBody());
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ url, method: "POST", redirect: "manual" });
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({ grant_type: "client_credentials" });
    expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("consumer-key:consumer-secret")}`);
  });

  it("sendRequest() goes to Bitbucket unless told otherwise", async () => {
    const { fetch, requests } = createFakeFetch(jsonResponse(tokenBody()));
    await sendRequest({ ...request, fetch });
    expect(requests[0]?.url).toBe("https://bitbucket.org/site/oauth2/access_token");
  });

  it("sendRequest() throws a typed error that holds no secret when the network fails", async () => {
    const { fetch } = createFakeFetch(new Error("consumer-secret"));
    const error = await rejectionOf(sendRequest({ ...request, fetch }));
    expect(error).toMatchObject({ code: "token_request_failed", transient: true });
    expect(JSON.stringify([error, String(error)])).not.toContain("consumer-secret");
  });

  it("createRequestHandler() goes by isSuccess to handleSuccess or handleError", async () => {
    const handle = createRequestHandler(request);
    expect(await handle(res(200, '{"access_token":"a"}'))).toEqual({ access_token: "a" });
    expect(await rejectionOf(handle(res(401, "")))).toMatchObject({ code: "token_request_rejected" });
  });

  it("sendRequest() sends no form that asks for no grant of ours", async () => {
    const { fetch, requests } = createFakeFetch(new Response("{}"));
    for (const payload of [{}, { grant_type: "" }, { grant_type: "device_code" }]) {
      expect(await rejectionOf(sendRequest({ ...request, payload, fetch }))).toMatchObject({
        code: "invalid_options",
      });
    }
    expect(requests).toEqual([]);
  });
});

describe("a replaced function", () => {
  it("sendRequest gets the wire form and its answer is used", async () => {
    const seen: RequestFunctionOptions[] = [];
    const { config, requests, kept } = createConfigUnderTest(expired, undefined, {
      sendRequest: (opts) => {
        seen.push(opts);
        return tokenBody({ access_token: "theirs", refresh_token: "theirs-too" });
      },
    });
    expect(await getAccessToken(config)).toBe("theirs");
    expect(requests).toEqual([]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      payload: { grant_type: "refresh_token", refresh_token: "refresh-1" },
      consumerKey: "consumer-key",
      consumerSecret: "consumer-secret",
      url: "https://bitbucket.org/site/oauth2/access_token",
    });
    expect(kept()).toMatchObject({ refreshToken: "theirs-too" });
  });

  it("sendRequest may wrap the default one", async () => {
    const { config, requests } = createConfigUnderTest(undefined, [tokens(2)], {
      sendRequest: async (opts) => ({ ...(await sendRequest(opts)), access_token: "wrapped" }),
    });
    expect(await getAccessToken(config)).toBe("wrapped");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a string", "access-9"],
    ["no access token", tokenBody({ access_token: undefined })],
    ["an access token with a line break", tokenBody({ access_token: "a\r\nb" })],
    ["another token type", tokenBody({ token_type: "mac" })],
    ["a negative life", tokenBody({ expires_in: -5 })],
    ["an error in a success", tokenBody({ error: "invalid_grant" })],
    ["a number that JSON does not know", tokenBody({ expires_in: Number.NaN })],
  ])("sendRequest's answer is checked as strictly as Bitbucket's own: %s", async (_what, body) => {
    const { config, kept } = createConfigUnderTest(undefined, undefined, {
      sendRequest: () => body as Record<string, unknown>,
    });
    const error = await rejectionOf(getAccessToken(config));
    expect(error).toMatchObject({ code: "token_response_invalid" });
    expect(String(error)).not.toContain("access-9");
    expect(kept()).toBeUndefined();
  });

  it("createRequestHandler gets the request, and its handler every response", async () => {
    const seen: unknown[] = [];
    const { config } = createConfigUnderTest(undefined, [refusal("invalid_client", 401)], {
      createRequestHandler: (opts) => (response) => {
        seen.push([opts.payload["grant_type"], response.status]);
        return tokenBody({ access_token: "theirs" });
      },
    });
    expect(await getAccessToken(config)).toBe("theirs");
    expect(seen).toEqual([["client_credentials", 401]]);
  });

  it("isSuccess decides who handles the response", async () => {
    const { config } = createConfigUnderTest(undefined, [tokens(2)], { isSuccess: () => false });
    const error = await rejectionOf(getAccessToken(config));
    expect(error).toMatchObject({ code: "token_response_invalid" });
    expect(String(error)).toContain("isSuccess() refused");
  });

  it("isSuccess may take another status for a success, and the body is still checked", async () => {
    const taken = createConfigUnderTest(undefined, [jsonResponse(tokenBody(), { status: 418 })], {
      isSuccess: ({ status }) => status === 418,
    });
    expect(await getAccessToken(taken.config)).toBe("access-1");
    const refused = createConfigUnderTest(undefined, [jsonResponse({}, { status: 418 })], {
      isSuccess: ({ status }) => status === 418,
    });
    expect(await rejectionOf(getAccessToken(refused.config))).toMatchObject({
      code: "token_response_invalid",
    });
  });

  it("isUnauthorized is asked, and handleError told what it said", async () => {
    const told: boolean[] = [];
    const { config } = createConfigUnderTest(undefined, [refusal("temporarily_odd", 400)], {
      isUnauthorized: ({ status }) => status === 400,
      handleError: (opts) => {
        told.push(opts.unauthorized);
        return handleError(opts);
      },
    });
    await rejectionOf(getAccessToken(config));
    expect(told).toEqual([true]);
  });

  it("handleSuccess may change a body, alone", async () => {
    const { config } = createConfigUnderTest(undefined, [jsonResponse({ token: "wrapped-1" })], {
      handleSuccess: ({ res: { body } }) => tokenBody({ access_token: JSON.parse(body).token }),
    });
    expect(await getAccessToken(config)).toBe("wrapped-1");
  });

  it("handleError ends the request with what it throws, if that is one of our errors", async () => {
    const theirs = new TokenRequestRejectedError("Ask the operations team.");
    const { config } = createConfigUnderTest(undefined, [refusal("invalid_client", 401)], {
      handleError: () => {
        throw theirs;
      },
    });
    expect(await rejectionOf(getAccessToken(config))).toBe(theirs);
  });

  it("handleError that throws something foreign ends in our error, with nothing foreign in it", async () => {
    const { config } = createConfigUnderTest(undefined, [refusal("invalid_client", 401)], {
      handleError: ({ consumerSecret }) => {
        throw new RangeError(`no luck with ${consumerSecret}`);
      },
    });
    const error = await rejectionOf(getAccessToken(config));
    expect(error).toMatchObject({ code: "token_request_failed" });
    expect(String(error)).toContain("RangeError");
    expect(JSON.stringify([error, String(error)])).not.toContain("consumer-secret");
  });
});
