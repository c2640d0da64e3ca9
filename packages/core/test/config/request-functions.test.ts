import type { StoredConfig } from "../../src/config/config-storage.ts";
import { getAccessToken, type TokenConfig } from "../../src/config/get-tokens.ts";
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
  requestThrough,
  type RequestFunctions,
} from "../../src/config/request-functions.ts";
import {
  TokenRequestRejectedError,
  RefreshRejectedError,
  SignedOutError,
  TokenRequestError,
  TokenResponseInvalidError,
} from "../../src/errors.ts";
import { resolveOptions } from "../../src/options.ts";
import type { TokenAnswer } from "../../src/token-endpoint/answer.ts";
import {
  createFakeFetch,
  jsonResponse,
  tokenBody,
  type CannedAnswer,
  nodeFetchError,
} from "../fake-fetch.ts";
import { held, rejectionOf } from "../promises.ts";
import { createConfigUnderTest, expired, grantsOf, refusal, tokens, now } from "./config-under-test.ts";
import { describe, expect, it } from "vitest";

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
    expect(await rejectionOf(handle(res(401, '{"error":"invalid_client"}')))).toMatchObject({
      code: "token_request_rejected",
    });
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
    ["an error field with status 200", tokenBody({ error: "invalid_grant" })],
    ["a life that is text", tokenBody({ expires_in: "7200" })],
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

/** The config as an arrow function in each call has it: every call brings two functions of its own. */
function writtenInline({ loadConfig, saveConfig, ...rest }: TokenConfig): () => TokenConfig {
  return () => ({
    ...rest,
    loadConfig: (asked) => loadConfig?.(asked),
    saveConfig: (config: StoredConfig, asked) => saveConfig?.(config, asked),
  });
}

describe("getAccessToken(config) with functions written anew for each call", () => {
  it("redeems one refresh token once, however many calls come at the same time", async () => {
    const { config, requests } = createConfigUnderTest(expired, [tokens(2), tokens(3)]);
    const inline = writtenInline(config);
    const answers = await Promise.all(Array.from({ length: 20 }, () => getAccessToken(inline())));
    expect(new Set(answers)).toEqual(new Set(["access-2"]));
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("does not make one grant of a consumer wait for another", async () => {
    const ofAnn = held(tokens(2));
    const ann = createConfigUnderTest(expired, [ofAnn.give]);
    const ben = createConfigUnderTest({ ...expired, refreshToken: "refresh-of-ben" }, [tokens(3)]);
    const waiting = getAccessToken(writtenInline(ann.config)());
    await ofAnn.asked;
    expect(await getAccessToken(writtenInline(ben.config)())).toBe("access-3");
    ofAnn.release();
    expect(await waiting).toBe("access-2");
  });
});

const form = { grant_type: "refresh_token", refresh_token: "refresh-1" };

function answerTo(
  functions: Partial<RequestFunctions>,
  canned: CannedAnswer = jsonResponse(tokenBody()),
  signal: AbortSignal = new AbortController().signal,
): Promise<TokenAnswer> {
  const { fetch } = createFakeFetch(canned);
  const options = resolveOptions({
    clientId: "consumer-key",
    clientSecret: "consumer-secret",
    fetch,
    clock: { now: () => now },
  });
  return requestThrough(functions, options)(form, "refresh_token", signal);
}

const throwing = (error: unknown): Partial<RequestFunctions> => ({
  sendRequest: () => {
    throw error;
  },
});

describe("requestThrough()", () => {
  it("reads what sendRequest answers as a token response that began before it", async () => {
    expect(await answerTo({ sendRequest: async () => tokenBody() })).toMatchObject({
      kind: "tokens",
      response: { accessToken: "access-1", refreshToken: "refresh-1", startedAt: now },
    });
  });

  it.each<readonly [string, unknown, TokenAnswer["kind"]]>([
    ["a certain rejection", new RefreshRejectedError("no", { certainty: "certain" }), "dead"],
    ["a doubtful rejection", new RefreshRejectedError("no", { certainty: "probable" }), "doubtful"],
    ["a wrong consumer", new TokenRequestRejectedError("no"), "misconfigured"],
    ["a failed request", new TokenRequestError("no"), "ambiguous"],
    ["a server error", new TokenRequestError("no", { status: 502 }), "ambiguous"],
    ["a busy server", new TokenRequestError("no", { status: 429 }), "not_redeemed"],
    ["a server that is down", new TokenRequestError("no", { status: 503 }), "not_redeemed"],
    ["a senseless answer", new TokenResponseInvalidError("no"), "ambiguous"],
  ])("takes %s for what it says", async (_what, error, kind) => {
    const answer = await answerTo(throwing(error));
    expect(answer).toEqual({ kind, error });
  });

  it("keeps how long a busy server asked to be left alone", async () => {
    const error = new TokenRequestError("no", { status: 429, retryAt: now + 45_000 });
    expect(await answerTo(throwing(error))).toMatchObject({ kind: "not_redeemed", retryAfterMs: 45_000 });
    const past = new TokenRequestError("no", { status: 429, retryAt: now - 1 });
    expect(await answerTo(throwing(past))).toMatchObject({ retryAfterMs: 0 });
  });

  it.each([new RangeError("refresh-1"), new SignedOutError("refresh-1"), "refresh-1", undefined])(
    "takes anything else (%s) for a request that may have been sent, and repeats nothing of it",
    async (error) => {
      const answer = await answerTo(throwing(error));
      expect(answer).toMatchObject({ kind: "ambiguous", error: { code: "token_request_failed" } });
      expect(JSON.stringify([answer, "error" in answer && String(answer.error)])).not.toContain("refresh-1");
    },
  );

  it.each<readonly [string, CannedAnswer, TokenAnswer["kind"]]>([
    ["tokens", jsonResponse(tokenBody()), "tokens"],
    ["invalid_grant", jsonResponse({ error: "invalid_grant" }, { status: 400 }), "dead"],
    ["unauthorized_client", jsonResponse({ error: "unauthorized_client" }, { status: 400 }), "doubtful"],
    ["invalid_client", jsonResponse({ error: "invalid_client" }, { status: 401 }), "misconfigured"],
    ["429", new Response("", { status: 429 }), "not_redeemed"],
    ["502", new Response("", { status: 502 }), "ambiguous"],
    ["a broken connection", nodeFetchError("ECONNRESET"), "ambiguous"],
  ])("means by the defaults what the plain way means: %s", async (_what, canned, kind) => {
    expect((await answerTo({}, canned)).kind).toBe(kind);
  });

  it("waits no longer than its signal for a sendRequest that hangs and ignores it", async () => {
    const deadline = new AbortController();
    const answer = answerTo({ sendRequest: () => new Promise(() => undefined) }, undefined, deadline.signal);
    deadline.abort();
    expect(await answer).toMatchObject({ kind: "ambiguous", error: { code: "token_request_failed" } });
  });
});
