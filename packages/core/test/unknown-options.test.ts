import * as config from "../src/config.ts";
import * as oauth from "../src/oauth.ts";
import { createBitbucketAuth, createMemoryStorage, type BitbucketAuth } from "../src/index.ts";
import { describe, expect, it } from "vitest";

const consumer = { clientId: "a", clientSecret: "b" };
const offline = (): Promise<never> => Promise.reject(new Error("nothing is to be sent"));
const auth = createBitbucketAuth({ ...consumer, fetch: offline, logging: false });
const grant = { ...consumer, fetch: offline };
const misspelt = { timeOutMs: 1 };

/** Calls a function as a program without types would. */
async function failureOf(call: Function, args: readonly unknown[]): Promise<unknown> {
  try {
    await Reflect.apply(call, undefined, args);
    return undefined;
  } catch (error) {
    return error;
  }
}

const transaction = oauth.createAuthorizationTransaction();

describe("an option that a function does not have", () => {
  it.each<readonly [string, Function, readonly unknown[]]>([
    ["createMemoryStorage()", createMemoryStorage, [misspelt]],
    ["createAuthorizationTransaction()", oauth.createAuthorizationTransaction, [misspelt]],
    ["buildAuthorizationUrl()", oauth.buildAuthorizationUrl, [{ clientId: "a", transaction, ...misspelt }]],
    [
      "readAuthorizationCallback()",
      oauth.readAuthorizationCallback,
      [{ callback: "", transaction, ...misspelt }],
    ],
    ["createUsedStates()", oauth.createUsedStates, [misspelt]],
    ["exchangeAuthorizationCode()", oauth.exchangeAuthorizationCode, [{ ...grant, code: "c", ...misspelt }]],
    ["refreshTokens()", oauth.refreshTokens, [{ ...grant, refreshToken: "r", ...misspelt }]],
    ["requestClientCredentials()", oauth.requestClientCredentials, [{ ...grant, ...misspelt }]],
    ["exchangeConnectJwt()", oauth.exchangeConnectJwt, [{ jwt: "j", fetch: offline, ...misspelt }]],
    ["requestPassword()", config.requestPassword, [{ ...grant, username: "u", password: "p", ...misspelt }]],
    ["readImplicitCallback()", config.readImplicitCallback, ["#", { state: "s", ...misspelt }]],
    ["getAccessToken()", auth.getAccessToken, ["ann", misspelt]],
    ["getAccessToken()", auth.getTokens, ["ann", misspelt]],
    ["startAuthorization()", auth.startAuthorization, [misspelt]],
    ["finishAuthorization()", auth.finishAuthorization, [{ callback: "", transaction, ...misspelt }]],
    ["fetchFor()", auth.fetchFor, ["ann", misspelt]],
    ["keepAlive()", auth.keepAlive, [misspelt]],
    ["rekey()", auth.rekey, [misspelt]],
  ])("of %s is refused by name", async (name, call, args) => {
    expect(await failureOf(call, args)).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(`${name} has no option "timeOutMs". It takes: `),
    });
  });
});

describe("the limits of fetchFor()", () => {
  it.each<Parameters<BitbucketAuth["fetchFor"]>[1]>([
    { timeoutMs: 0 },
    { timeoutMs: Number.NaN },
    { timeoutMs: Number.POSITIVE_INFINITY },
    { rateLimitBudgetMs: -1 },
    { rateLimitBudgetMs: Number.NaN },
  ])("%j are refused when the fetch is made", (limits) => {
    expect(() => auth.fetchFor("ann", limits)).toThrow(expect.objectContaining({ code: "invalid_options" }));
  });

  it("take undefined, and a budget without an end", () => {
    const limits = { timeoutMs: undefined, rateLimitBudgetMs: Number.MAX_SAFE_INTEGER, archives: undefined };
    expect(typeof auth.fetchFor("ann", limits)).toBe("function");
  });
});

describe("options that are no object with options", () => {
  it.each<readonly [string, object]>([
    ["a Promise: an `await` is missing", Promise.resolve({})],
    ["one of type AbortSignal", new AbortController().signal],
    ["one of type Array", []],
    ["one of type Map", new Map()],
  ])("are refused: %s", async (what, given) => {
    for (const [call, args] of [
      [auth.startAuthorization, [given]],
      [auth.fetchFor, ["ann", given]],
      [createMemoryStorage, [given]],
    ] as const)
      expect(await failureOf(call, args)).toMatchObject({
        code: "invalid_options",
        message: expect.stringContaining(`must be an object with options, not ${what}.`),
      });
  });

  it("may have no prototype, or a class of the caller's", () => {
    class Options {
      clientId = "a";
      clientSecret = "b";
    }
    expect(() => createBitbucketAuth(new Options())).not.toThrow();
    expect(() => auth.fetchFor("ann", Object.create(null))).not.toThrow();
  });
});

describe("a credential with a line end", () => {
  it.each<readonly [string, Function, object]>([
    ["code", oauth.exchangeAuthorizationCode, { ...grant, code: "c\n" }],
    ["refreshToken", oauth.refreshTokens, { ...grant, refreshToken: "r\n" }],
    ["clientSecret", oauth.requestClientCredentials, { ...grant, clientSecret: "b\n" }],
    ["clientId", oauth.buildAuthorizationUrl, { clientId: "a\n", transaction }],
    ["jwt", oauth.exchangeConnectJwt, { jwt: "j\n", fetch: offline }],
  ])("as %s is refused before anything is sent", async (name, call, options) => {
    expect(await failureOf(call, [options])).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(`${name} contains a line end`),
    });
  });
});
