import * as core from "../src/index.ts";
import { grantingFetch, grantOptions } from "./oauth/grant-cases.ts";
import { describe, expect, it } from "vitest";

/** What callers without types pass: nothing, the wrong kind of thing, and an object in which every field is wrong. */
const wrongFields = Object.fromEntries(
  (
    "clientId clientSecret storage encryption endpoints fetch timeoutMs clock random code refreshToken jwt username password " +
    "tokenUrl authorizationUrl redirectUri callback transaction state loadConfig saveConfig consumerKey consumerSecret payload"
  )
    .split(" ")
    .map((name) => [name, 7]),
);
const wrong: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["a number", 7],
  ["a text", "text"],
  ["a list", []],
  ["an empty object", {}],
  ["wrong fields", wrongFields],
];
/** Calls a function as a program without types would, and answers what it throws or rejects with. */
async function failureOf(call: Function, ...args: readonly unknown[]): Promise<unknown> {
  try {
    await Reflect.apply(call, undefined, args);
    return undefined;
  } catch (error) {
    return error;
  }
}
const functions = Object.entries(core).filter(
  (entry): entry is [string, Extract<(typeof entry)[1], Function>] =>
    typeof entry[1] === "function" && !/^[A-Z]/.test(entry[0]),
);
const cases = functions.flatMap(([name, call]) =>
  wrong.map(([what, given]) => ({ name, call, what, given })),
);

/** What is neither done nor refused in our words. */
const raw = (failure: unknown): unknown => (core.isBitbucketAuthError(failure) ? undefined : failure);

describe("a function of core", () => {
  it.each(cases)("$name() takes $what or says what is wrong with it", async ({ call, given }) => {
    expect(raw(await failureOf(call, given))).toBeUndefined();
  });

  it.each([
    ["buildAuthorizationUrl", core.buildAuthorizationUrl],
    ["createBitbucketAuth", core.createBitbucketAuth],
    ["configStorage", core.configStorage],
    ["exchangeAuthorizationCode", core.exchangeAuthorizationCode],
    ["exchangeConnectJwt", core.exchangeConnectJwt],
    ["readApiError", core.readApiError],
    ["readAuthorizationCallback", core.readAuthorizationCallback],
    ["readImplicitCallback", core.readImplicitCallback],
    ["refreshTokens", core.refreshTokens],
    ["requestClientCredentials", core.requestClientCredentials],
    ["requestPassword", core.requestPassword],
    ["sendRequest", core.sendRequest],
    ["serializeTokens", core.serializeTokens],
    ["equalInConstantTime", core.equalInConstantTime],
  ])("%s() takes no null", async (_name, call) => {
    expect(await failureOf(call, null)).toMatchObject({ code: "invalid_options", action: "fix_config" });
  });
});

describe("createBitbucketAuth()", () => {
  const known = { clientId: "a", clientSecret: "b", logging: false };
  const { tryLease: _lease, ...leaseless } = core.createMemoryStorage();

  it.each([
    ["clientId", 7],
    ["clientSecret", {}],
    ["storage", null],
    ["storage", 7],
    ["storage", {}],
    ["storage", leaseless],
    ["clock", {}],
    ["clock", 7],
    ["clock", { now: () => new Date() }],
    ["clock", { now: () => Number.NaN }],
    ["clock", { now: () => undefined }],
    ["clock", { now: () => 1_800_000_000 }],
    ["clock", { now: () => 1n }],
    ["random", 7],
    ["fetch", "https://api.bitbucket.org"],
  ])("refuses as %s what is none: %j", async (name, value) => {
    expect(await failureOf(core.createBitbucketAuth, { ...known, [name]: value })).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(name),
    });
  });

  const auth = core.createBitbucketAuth({ ...known, fetch: () => Promise.reject(new Error("offline")) });
  const methods = Object.entries(auth).filter(([name]) => name !== "close");
  it.each(methods.flatMap(([name, method]) => wrong.map(([what, given]) => ({ name, method, what, given }))))(
    "makes an object whose $name() takes $what or says what is wrong with it",
    async ({ method, given }) => {
      expect(raw(await failureOf(method, given))).toBeUndefined();
      expect(raw(await failureOf(method, "account", given))).toBeUndefined();
    },
  );
});

describe("a grant with fields of the wrong kind", () => {
  it.each([
    ["code", core.exchangeAuthorizationCode],
    ["refreshToken", core.refreshTokens],
    ["jwt", core.exchangeConnectJwt],
    ["clientId", core.requestClientCredentials],
    ["clientSecret", core.requestClientCredentials],
    ["clock", core.requestClientCredentials],
  ])("%s: sends nothing", async (name, call) => {
    const { fetch, requests } = grantingFetch();
    const error = await failureOf(call, { ...grantOptions(fetch), [name]: 7 });
    expect(error).toMatchObject({ code: "invalid_options", message: expect.stringContaining(name) });
    expect(requests).toEqual([]);
  });
});

describe("a signal that is none", () => {
  const auth = core.createBitbucketAuth({ clientId: "id", clientSecret: "secret" });
  const wrongSignals = [
    ["a text", "now"],
    ["a controller", new AbortController()],
    ["true", true],
    ["{}", {}],
  ] as const;
  it.each(wrongSignals)("is refused: %s", async (_what, signal) => {
    const refused = {
      code: "invalid_options",
      message: expect.stringMatching(/^signal must be an AbortSignal/),
    };
    expect(
      await Promise.all([
        failureOf(auth.getAccessToken, "ann", { signal }),
        failureOf(auth.getTokens, { signal }),
        failureOf(auth.keepAlive, { signal }),
        failureOf(auth.fetchFor("ann"), "/2.0/user", { signal }),
        failureOf(core.readApiError, new Response(null, { status: 500 }), { signal }),
        failureOf(core.refreshTokens, { clientId: "a", clientSecret: "b", refreshToken: "c", signal }),
      ]),
    ).toMatchObject(Array.from({ length: 6 }, () => refused));
  });

  it("may be null, as for fetch", async () => {
    await expect(failureOf(auth.getAccessToken, "ann", { signal: null })).resolves.toMatchObject({
      code: "signed_out",
    });
  });
});
