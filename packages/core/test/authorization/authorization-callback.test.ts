import { describe, expect, it } from "vitest";
import {
  readAuthorizationCallback,
  type ReadAuthorizationCallbackOptions,
} from "../../src/authorization/authorization-callback.ts";
import { createAuthorizationTransaction } from "../../src/authorization/authorization-transaction.ts";
import { createUsedStates } from "../../src/authorization/used-states.ts";
import { isBitbucketAuthError, type AnyBitbucketAuthError } from "../../src/errors.ts";

const start = 1_700_000_000_000;
const tenMinutes = 600_000;
const transaction = createAuthorizationTransaction({ clock: { now: () => start } });
const { state } = transaction;
const good = `code=the-code&state=${state}`;

function read(
  callback: ReadAuthorizationCallbackOptions["callback"],
  options: Partial<ReadAuthorizationCallbackOptions> = {},
): { readonly code: string } {
  return readAuthorizationCallback({
    transaction,
    clock: { now: () => start + 1_000 },
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
    expect(at(start + tenMinutes)).toEqual({ code: "the-code" });
    expect(errorOf(() => at(start + tenMinutes + 1)).code).toBe("authorization_callback_invalid");
  });

  it("forgives a clock that was set back, but not by more than ten minutes", () => {
    const at = (now: number): ReturnType<typeof read> => read(good, { clock: { now: () => now } });
    expect(at(start - tenMinutes)).toEqual({ code: "the-code" });
    expect(errorOf(() => at(start - tenMinutes - 1)).code).toBe("authorization_callback_invalid");
  });

  it("reads a callback once", () => {
    const usedStates = createUsedStates({ clock: { now: () => start } });
    expect(read(good, { usedStates })).toEqual({ code: "the-code" });
    expect(errorOf(() => read(good, { usedStates })).code).toBe("state_mismatch");
  });

  it("counts a refusal as the end of the sign-in", () => {
    const usedStates = createUsedStates({ clock: { now: () => start } });
    expect(errorOf(() => read(`error=access_denied&state=${state}`, { usedStates })).code).toBe(
      "authorization_denied",
    );
    expect(errorOf(() => read(good, { usedStates })).code).toBe("state_mismatch");
  });

  it("does not let a stranger's callback end the sign-in", () => {
    const usedStates = createUsedStates({ clock: { now: () => start } });
    errorOf(() => read("code=c&state=other", { usedStates }));
    expect(read(good, { usedStates })).toEqual({ code: "the-code" });
  });

  it("checks the transaction, which comes from outside as well", () => {
    const forged = { ...transaction, state: "" };
    expect(errorOf(() => read("code=c&state=", { transaction: forged })).code).toBe("invalid_options");
  });

  it("finishes twenty tabs in any order", () => {
    const usedStates = createUsedStates({ clock: { now: () => start } });
    const tabs = Array.from({ length: 20 }, () =>
      createAuthorizationTransaction({ clock: { now: () => start } }),
    );
    const codes = tabs
      .toReversed()
      .map((tab, at) => read(`code=code-${at}&state=${tab.state}`, { transaction: tab, usedStates }).code);
    expect(codes).toEqual(tabs.map((_tab, at) => `code-${at}`));
  });
});
