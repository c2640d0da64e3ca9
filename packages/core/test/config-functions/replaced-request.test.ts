import { describe, expect, it } from "vitest";
import { resolveOptions } from "../../src/bitbucket-auth-options.ts";
import { requestThrough } from "../../src/config-functions/replaced-request.ts";
import type { RequestFunctions } from "../../src/config-functions/request-functions.ts";
import {
  RefreshRejectedError,
  SignedOutError,
  TokenRequestError,
  TokenRequestRejectedError,
  TokenResponseInvalidError,
} from "../../src/errors.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import {
  type CannedAnswer,
  createFakeFetch,
  jsonResponse,
  nodeFetchError,
  tokenBody,
} from "../fake-fetch.ts";
import { now } from "./config-under-test.ts";

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
