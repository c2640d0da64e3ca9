import { describe, expect, it } from "vitest";
import { createAuthUnderTest, freshTokens, grants } from "./auth-under-test.ts";
import { jsonResponse } from "./fake-fetch.ts";

const invalid = { code: "invalid_options", action: "fix_config" };

/** Calls a method as a program without types would, and returns what it throws or rejects with. */
async function failureOf(method: unknown, ...args: readonly unknown[]): Promise<unknown> {
  if (typeof method !== "function") throw new Error("no such method");
  try {
    await Reflect.apply(method, undefined, args);
    return "nothing was refused";
  } catch (error) {
    return error;
  }
}

describe("an account that was passed and is none", () => {
  const nothings: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["null", null],
    ["an empty string", ""],
    ["a number", 7],
    ["NaN", Number.NaN],
    ["white space", " \n"],
    ["an empty list", []],
    ["a Promise that was not awaited", Promise.resolve("ann")],
    ["a Map", new Map([["account", "ann"]])],
    ["an AbortSignal", new AbortController().signal],
    ["an empty String object", Object("")],
    ["an object that inherits its fields", Object.create({ account: "ann" })],
  ];
  const methods = ["getAccessToken", "getTokens", "fetchFor"] as const;

  it.each(methods.flatMap((method) => nothings.map(([what, account]) => ({ method, what, account }))))(
    "$method($what) is refused, with and without options, and nothing is sent",
    async ({ method, account }) => {
      const { auth, requests } = createAuthUnderTest([grants(2)]);
      expect(await failureOf(auth[method], account)).toMatchObject(invalid);
      expect(await failureOf(auth[method], account, {})).toMatchObject(invalid);
      expect(await failureOf(auth[method], account, undefined)).toMatchObject(invalid);
      expect(requests).toEqual([]);
    },
  );

  it.each(nothings)("signOut() and saveTokens() refuse %s, and write nothing", async (_what, account) => {
    const { auth, calls, clock } = createAuthUnderTest();
    expect(await failureOf(auth.signOut, account)).toMatchObject(invalid);
    expect(await failureOf(auth.saveTokens, account, freshTokens(clock))).toMatchObject(invalid);
    expect([calls.delete, calls.compareAndSwap]).toEqual([[], []]);
  });

  it("is refused by the promise that getAccessToken() returns, and not by a throw", async () => {
    const { auth } = createAuthUnderTest();
    const promise: unknown = Reflect.apply(auth.getAccessToken, undefined, [undefined]);
    await expect(promise).rejects.toMatchObject(invalid);
  });

  it("is named in the message, with what to do to act as the consumer", async () => {
    const { auth } = createAuthUnderTest();
    const error = await failureOf(auth.getAccessToken, undefined);
    expect(String(error)).toMatch(/getAccessToken\(\) is undefined\..*pass no account at all/);
  });

  it("says that an `await` is missing where the account is a Promise", async () => {
    const { auth } = createAuthUnderTest();
    const error = await failureOf(auth.getAccessToken, Promise.resolve("ann"));
    expect(String(error)).toMatch(/getAccessToken\(\) is a Promise: an `await` is missing\./);
  });
});

describe("a call without an account", () => {
  it("is the consumer's, with options and without", async () => {
    const { auth, sent } = createAuthUnderTest([grants(2)]);
    expect(await auth.getAccessToken()).toBe("access-2");
    expect(await auth.getAccessToken({ minValidityMs: 60_000 })).toBe("access-2");
    expect((await auth.getTokens({ minValidityMs: 60_000 })).accessToken).toBe("access-2");
    expect(sent()).toEqual(["consumer"]);
  });

  it("of fetchFor() is the consumer's, with options and without", async () => {
    const { auth, requests } = createAuthUnderTest([grants(2), jsonResponse({})]);
    await auth.fetchFor()("/2.0/user");
    await auth.fetchFor({ timeoutMs: 1_000 })("/2.0/user");
    expect(requests.map(({ headers }) => headers.get("authorization")?.split(" ")[0])).toEqual([
      "Basic",
      "Bearer",
      "Bearer",
    ]);
  });
});
