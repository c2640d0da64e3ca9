import * as fc from "fast-check";
import {
  readAuthorizationCallback,
  type ReadAuthorizationCallbackOptions,
  createUsedStates,
  assertNotDenied,
  assertState,
  readCallbackParameters,
  equalInConstantTime,
} from "../../src/authorization/callback.ts";
import { createAuthorizationTransaction } from "../../src/authorization/transaction.ts";
import {
  isBitbucketAuthError,
  type AnyBitbucketAuthError,
  AuthorizationCallbackError,
  AuthorizationDeniedError,
  StateMismatchError,
} from "../../src/errors.ts";
import { describe, expect, it } from "vitest";

const startedAt = 1_700_000_000_000;
const tenMinutes = 600_000;
const transaction = createAuthorizationTransaction({ clock: { now: () => startedAt } });
const { state } = transaction;
const good = `code=the-code&state=${state}`;

function read(
  callback: ReadAuthorizationCallbackOptions["callback"],
  options: Partial<ReadAuthorizationCallbackOptions> = {},
): { readonly code: string } {
  return readAuthorizationCallback({
    transaction,
    clock: { now: () => startedAt + 1_000 },
    callback,
    ...options,
  });
}

function errorOf(run: () => unknown): AnyBitbucketAuthError {
  try {
    run();
  } catch (error) {
    if (isBitbucketAuthError(error)) return error;
    throw error;
  }
  throw new Error("read, where an error was expected");
}

describe("readAuthorizationCallback()", () => {
  it.each([
    `https://app.test/auth/callback?${good}`,
    `https://app.test/auth/callback?${good}#_=_`,
    `/auth/callback?${good}`,
    `auth/callback?${good}`,
    `com.example.app:/callback?${good}`,
    `?${good}`,
    good,
    `x=what?&${good}`,
    new URL(`https://app.test/auth/callback?${good}`),
    new URLSearchParams(good),
    // As people paste addresses.
    ` https://app.test/auth/callback?${good}\r\n`,
    `"https://app.test/auth/callback?${good}"`,
    `'https://app.test/auth/callback?${good}'`,
    `<https://app.test/auth/callback?${good}>`,
  ])("finds the code in %s", (callback) => {
    expect(read(callback)).toEqual({ code: "the-code" });
  });

  it("decodes the code", () => {
    expect(read(`code=a%2Fb%3D&state=${state}`)).toEqual({ code: "a/b=" });
  });

  it("leaves other parameters alone, twice or not", () => {
    expect(read(`${good}&scope=a&scope=b&__proto__=x`)).toEqual({ code: "the-code" });
  });

  it.each([
    ["another state", `code=c&state=${state.slice(0, -1)}`, "state_mismatch"],
    ["a longer state", `code=c&state=${state}x`, "state_mismatch"],
    ["a state in another case", `code=c&state=${state.toLowerCase()}A`, "state_mismatch"],
    ["an empty state", "code=c&state=", "state_mismatch"],
    ["no state", "code=c", "state_mismatch"],
    ["nothing at all", "", "state_mismatch"],
    ["everything in the fragment", `https://app.test/callback#${good}`, "state_mismatch"],
    ["a stranger's refusal", "error=access_denied&state=other", "state_mismatch"],
    ["a refusal without a state", "error=access_denied", "state_mismatch"],
    ["two states, both right", `${good}&state=${state}`, "authorization_callback_invalid"],
    ["two codes", `${good}&code=other`, "authorization_callback_invalid"],
    ["two errors", `error=a&error=b&state=${state}`, "authorization_callback_invalid"],
    [
      "two issuers",
      `${good}&iss=https://bitbucket.org&iss=https://bitbucket.org`,
      "authorization_callback_invalid",
    ],
    ["no code", `state=${state}`, "authorization_callback_invalid"],
    ["an empty code", `code=&state=${state}`, "authorization_callback_invalid"],
    ["a code with a line break", `code=a%0d%0ab&state=${state}`, "authorization_callback_invalid"],
    ["a foreign issuer", `${good}&iss=https://evil.test`, "authorization_callback_invalid"],
    [
      "an issuer that begins alike",
      `${good}&iss=https://bitbucket.org.evil.test`,
      "authorization_callback_invalid",
    ],
    ["an empty issuer", `${good}&iss=`, "authorization_callback_invalid"],
    ["a refusal", `error=access_denied&state=${state}`, "authorization_denied"],
    ["a refusal with a code", `error=access_denied&${good}`, "authorization_denied"],
    ["an empty refusal", `error=&${good}`, "authorization_denied"],
    ["far too much", `${good}&x=${"x".repeat(20_000)}`, "authorization_callback_invalid"],
  ])("refuses %s", (_title, callback, code) => {
    expect(errorOf(() => read(callback)).code).toBe(code);
  });

  it("measures parameters that are already taken apart, too", () => {
    const callback = new URLSearchParams(`${good}&x=${"x".repeat(20_000)}`);
    expect(errorOf(() => read(callback)).code).toBe("authorization_callback_invalid");
  });

  it("passes on why it was denied, without what must not be repeated", () => {
    const description = encodeURIComponent(`The user\r\ndenied ${state} and ${transaction.codeVerifier}`);
    const error = errorOf(() => read(`error=access_denied&error_description=${description}&state=${state}`));
    expect(error).toMatchObject({
      oauthError: "access_denied",
      description: "The user denied [redacted] and [redacted]",
      action: "reauthorize",
    });
  });

  it("does not repeat a code that comes with a refusal", () => {
    const error = errorOf(() => read(`error=server_error&error_description=bad+the-code&${good}`));
    expect(error.description).toBe("bad [redacted]");
  });

  it("accepts the issuer it expects", () => {
    expect(read(`${good}&iss=https%3A%2F%2Fbitbucket.org`)).toEqual({ code: "the-code" });
    const issuer = "https://login.test/tenant";
    expect(read(`${good}&iss=${issuer}`, { issuer })).toEqual({ code: "the-code" });
    expect(errorOf(() => read(`${good}&iss=https://bitbucket.org`, { issuer })).code).toBe(
      "authorization_callback_invalid",
    );
  });

  it("accepts a sign-in for ten minutes, and not a moment longer", () => {
    const at = (now: number): ReturnType<typeof read> => read(good, { clock: { now: () => now } });
    expect(at(startedAt + tenMinutes)).toEqual({ code: "the-code" });
    expect(errorOf(() => at(startedAt + tenMinutes + 1)).code).toBe("authorization_callback_invalid");
  });

  it("accepts a clock that was set back by up to ten minutes, and not by more", () => {
    const at = (now: number): ReturnType<typeof read> => read(good, { clock: { now: () => now } });
    expect(at(startedAt - tenMinutes)).toEqual({ code: "the-code" });
    expect(errorOf(() => at(startedAt - tenMinutes - 1)).code).toBe("authorization_callback_invalid");
  });

  it("reads a callback once", () => {
    const usedStates = createUsedStates({ clock: { now: () => startedAt } });
    expect(read(good, { usedStates })).toEqual({ code: "the-code" });
    expect(errorOf(() => read(good, { usedStates })).code).toBe("state_mismatch");
  });

  it("counts a refusal as the end of the sign-in", () => {
    const usedStates = createUsedStates({ clock: { now: () => startedAt } });
    expect(errorOf(() => read(`error=access_denied&state=${state}`, { usedStates })).code).toBe(
      "authorization_denied",
    );
    expect(errorOf(() => read(good, { usedStates })).code).toBe("state_mismatch");
  });

  it("does not end the sign-in for a callback with another state", () => {
    const usedStates = createUsedStates({ clock: { now: () => startedAt } });
    errorOf(() => read("code=c&state=other", { usedStates }));
    expect(read(good, { usedStates })).toEqual({ code: "the-code" });
  });

  it("checks the transaction, which comes from outside as well", () => {
    const forged = { ...transaction, state: "" };
    expect(errorOf(() => read("code=c&state=", { transaction: forged })).code).toBe("invalid_options");
  });

  it("finishes twenty tabs in any order", () => {
    const usedStates = createUsedStates({ clock: { now: () => startedAt } });
    const tabs = Array.from({ length: 20 }, () =>
      createAuthorizationTransaction({ clock: { now: () => startedAt } }),
    );
    const codes = tabs
      .toReversed()
      .map((tab, at) => read(`code=code-${at}&state=${tab.state}`, { transaction: tab, usedStates }).code);
    expect(codes).toEqual(tabs.map((_tab, at) => `code-${at}`));
  });
});

function readParameters(callback: string, part: "query" | "fragment"): Record<string, string> {
  return Object.fromEntries(readCallbackParameters(callback, part, ["a"]));
}

describe("readCallbackParameters()", () => {
  it.each([
    ["https://app.test/x?a=1#a=2", { a: "1" }, { a: "2" }],
    ["https://app.test/x=y?a=1", { a: "1" }, {}],
    ["https://app.test/x", {}, {}],
    ["/x#a=2?b", {}, { a: "2?b" }],
    ["?a=1#a=2", { a: "1" }, { a: "2" }],
    ["a=1?b", { a: "1?b" }, { a: "1?b" }],
    ["#a=2", {}, { a: "2" }],
    ["", {}, {}],
    ["callback?a=1", { a: "1" }, { "callback?a": "1" }],
    ["x1:callback?y?a=1", { "y?a": "1" }, {}],
  ])("finds query and fragment in %j", (callback, query, fragment) => {
    expect(readParameters(callback, "query")).toEqual(query);
    expect(readParameters(callback, "fragment")).toEqual(fragment);
  });

  it("refuses a parameter twice only if it must be single", () => {
    expect(() => readParameters("a=1&a=1", "query")).toThrow(AuthorizationCallbackError);
    expect(() => readParameters("a=1&a=1", "query")).toThrow('The callback has more than one "a".');
    expect(readParameters("a=1&b=2&b=3", "query")).toEqual({ a: "1", b: "3" });
  });

  it("refuses a callback longer than 16 kB before it looks at it", () => {
    expect(readParameters("a=".padEnd(16_384, "x"), "query")).toHaveProperty("a");
    expect(() => readParameters("a=".padEnd(16_385, "x"), "query")).toThrow(AuthorizationCallbackError);
    expect(() => readParameters("a=".padEnd(16_385, "x"), "query")).toThrow("longer than 16 kB");
  });
});

describe("assertState()", () => {
  it("passes the very state alone", () => {
    assertState(new URLSearchParams("state=abc"), "abc");
    for (const query of ["state=abd", "state=ABC", "state=", "", "State=abc"]) {
      expect(() => assertState(new URLSearchParams(query), "abc")).toThrow(StateMismatchError);
      expect(() => assertState(new URLSearchParams(query), "abc")).toThrow("Start the sign-in again.");
    }
  });
});

describe("assertNotDenied()", () => {
  it("passes a callback without an error", () => {
    expect(() => assertNotDenied(new URLSearchParams("error_description=x"), [])).not.toThrow();
  });

  it.each([
    ["error=access_denied", "The authorization was not granted (access_denied)."],
    ["error=", "The authorization was not granted (no reason given)."],
    [
      "error=server_error",
      "(server_error). Bitbucket has a problem of its own: start the sign-in again later.",
    ],
    ["error=unauthorized_client", "(unauthorized_client). The user was not asked: check the consumer's key"],
  ])("says that it was not granted, and why if it knows: %s", (query, message) => {
    expect(() => assertNotDenied(new URLSearchParams(query), [])).toThrow(message);
  });

  it("repeats the server's words without the secrets in them", () => {
    const denied = new URLSearchParams({
      error: "denied\r\nhunter2",
      error_description: "no hunter2 for you",
    });
    expect(() => assertNotDenied(denied, ["hunter2"])).toThrow(AuthorizationDeniedError);
    expect(() => assertNotDenied(denied, ["hunter2"])).toThrow(
      expect.objectContaining({ oauthError: "denied [redacted]", description: "no [redacted] for you" }),
    );
  });
});

describe("equalInConstantTime()", () => {
  it("agrees with === on any two strings", () => {
    const text = fc.string({ unit: "binary", maxLength: 6 });
    const agrees = fc.property(
      text,
      text,
      (a, b) => equalInConstantTime(a, b) === (a === b) && equalInConstantTime(a, a),
    );
    expect(fc.check(agrees).counterexample).toBeNull();
  });

  it("sees a difference at any place", () => {
    const secret = "0123456789";
    const claims = secret.split("").map((digit) => secret.replace(digit, "x"));
    expect(claims.map((claim) => equalInConstantTime(secret, claim))).toEqual(claims.map(() => false));
  });

  it.each([
    ["secret", "secre"],
    ["secret", "secrets"],
    ["secret", "Secret"],
    ["secret", ""],
    ["", "secret"],
    ["a\u0000", "a"],
    ["a", "a\u0000"],
  ])("tells %j from %j", (secret, claim) => {
    expect(equalInConstantTime(secret, claim)).toBe(false);
  });
});

function clockAt(start: number): { time: number; now(): number } {
  return {
    time: start,
    now() {
      return this.time;
    },
  };
}

describe("createUsedStates()", () => {
  it("lets each state be claimed once", () => {
    const used = createUsedStates({ clock: clockAt(0) });
    expect([used.claim("a", 10), used.claim("b", 10), used.claim("a", 10), used.claim("b", 10)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("remembers a state until it expires", () => {
    const clock = clockAt(0);
    const used = createUsedStates({ clock });
    used.claim("a", 10);
    clock.time = 9;
    expect(used.claim("a", 20)).toBe(false);
    clock.time = 10;
    expect(used.claim("a", 20)).toBe(true);
  });

  it("forgets the oldest when it has too many", () => {
    const used = createUsedStates({ clock: clockAt(0), limit: 2 });
    used.claim("a", 10);
    used.claim("b", 10);
    used.claim("c", 10);
    expect([used.claim("c", 10), used.claim("b", 10), used.claim("a", 10)]).toEqual([false, false, true]);
  });

  it("makes room of what has expired before it forgets anything", () => {
    const clock = clockAt(0);
    const used = createUsedStates({ clock, limit: 3 });
    used.claim("a", 20);
    used.claim("old", 5);
    used.claim("b", 20);
    clock.time = 6;
    used.claim("c", 20);
    expect([used.claim("a", 20), used.claim("b", 20), used.claim("c", 20)]).toEqual([false, false, false]);
  });
});
