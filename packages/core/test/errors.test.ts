import * as errors from "../src/errors.ts";
import { BitbucketAuthError, isBitbucketAuthError, type ErrorAction } from "../src/errors.ts";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

interface ErrorRow {
  /** Made within the test, so that a changed class is that test's to find. */
  readonly make: () => errors.AnyBitbucketAuthError;
  readonly name: string;
  readonly code: string;
  readonly transient: boolean;
  readonly action: ErrorAction;
}

const row = (
  make: () => errors.AnyBitbucketAuthError,
  name: string,
  code: string,
  transient: boolean,
  action: ErrorAction,
): ErrorRow => ({ make, name, code, transient, action });
const message = "Something happened. Do this next.";
const unreadable = (reason: errors.UnreadableReason): errors.RecordUnreadableError =>
  new errors.RecordUnreadableError(message, { reason });

const rows: readonly ErrorRow[] = [
  row(
    () => new errors.AuthorizationDeniedError(message),
    "AuthorizationDeniedError",
    "authorization_denied",
    false,
    "reauthorize",
  ),
  row(
    () => new errors.AuthorizationCallbackError(message),
    "AuthorizationCallbackError",
    "authorization_callback_invalid",
    false,
    "reauthorize",
  ),
  row(
    () => new errors.StateMismatchError(message),
    "StateMismatchError",
    "state_mismatch",
    false,
    "reauthorize",
  ),
  row(
    () => new errors.TokenRequestError(message),
    "TokenRequestError",
    "token_request_failed",
    true,
    "retry",
  ),
  row(
    () => new errors.TokenRequestRejectedError(message),
    "TokenRequestRejectedError",
    "token_request_rejected",
    false,
    "fix_config",
  ),
  row(
    () => new errors.RefreshRejectedError(message, { certainty: "certain" }),
    "RefreshRejectedError",
    "refresh_rejected",
    false,
    "reauthorize",
  ),
  row(
    () => new errors.RefreshContentionError(message),
    "RefreshContentionError",
    "refresh_contended",
    true,
    "retry",
  ),
  row(
    () => new errors.AccessTokenRejectedError(message),
    "AccessTokenRejectedError",
    "access_token_rejected",
    false,
    "reauthorize",
  ),
  row(
    () => new errors.TokenResponseInvalidError(message),
    "TokenResponseInvalidError",
    "token_response_invalid",
    true,
    "retry",
  ),
  row(() => new errors.SignedOutError(message), "SignedOutError", "signed_out", false, "reauthorize"),
  row(() => new errors.StorageError(message), "StorageError", "storage_failed", true, "retry"),
  row(() => unreadable("corrupt"), "RecordUnreadableError", "record_unreadable", false, "reauthorize"),
  row(() => unreadable("unknown_key"), "RecordUnreadableError", "record_unreadable", false, "fix_config"),
  row(() => unreadable("unreadable"), "RecordUnreadableError", "record_unreadable", false, "fix_config"),
  row(() => unreadable("plaintext"), "RecordUnreadableError", "record_unreadable", false, "fix_config"),
  row(() => unreadable("sealed"), "RecordUnreadableError", "record_unreadable", false, "fix_config"),
  row(
    () => new errors.ScopeMissingError(message, { granted: ["account"], required: ["repository"] }),
    "ScopeMissingError",
    "scope_missing",
    false,
    "add_scope",
  ),
  row(() => new errors.RateLimitedError(message), "RateLimitedError", "rate_limited", true, "retry"),
  row(
    () => new errors.ApiRequestError(message, { transient: true, action: "retry" }),
    "ApiRequestError",
    "api_request_failed",
    true,
    "retry",
  ),
  row(
    () => new errors.ForeignOriginError(message),
    "ForeignOriginError",
    "foreign_origin",
    false,
    "fix_config",
  ),
  row(() => new errors.ClosedError(message), "ClosedError", "closed", false, "fix_config"),
  row(
    () => new errors.InvalidOptionsError(message),
    "InvalidOptionsError",
    "invalid_options",
    false,
    "fix_config",
  ),
];

describe("the error classes", () => {
  it.each(rows)("$name has code $code and action $action", ({ make, ...expected }) => {
    const error = make();
    expect(error).toBeInstanceOf(BitbucketAuthError);
    expect(error).toMatchObject({ ...expected, message, family: "bitbucket-auth" });
    expect(String(error)).toBe(`${expected.name}: ${message}`);
  });

  it("has a row for every class that is exported", () => {
    const exported = Object.entries(errors)
      .filter(([, value]) => typeof value === "function" && value.prototype instanceof BitbucketAuthError)
      .map(([name]) => name);
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(exported));
  });

  it("gives no two classes one code", () => {
    const codes = new Map(rows.map(({ name, code }) => [name, code]));
    expect(new Set(codes.values()).size).toBe(codes.size);
  });

  it("keeps its name when a minifier renames the class", () => {
    const renamed = { T: class extends errors.SignedOutError {} }.T;
    expect(new renamed(message).name).toBe("SignedOutError");
  });

  it("keeps the details it is given", () => {
    const details = {
      status: 400,
      oauthError: "invalid_grant",
      description: "gone",
      retryAt: 5,
      account: "ann",
    };
    expect(new errors.TokenRequestError(message, details)).toMatchObject(details);
    for (const detail of Object.keys(details))
      expect(new errors.TokenRequestError(message)).not.toHaveProperty(detail);
    expect("cause" in new errors.TokenRequestError(message)).toBe(false);
    const cause = new Error("underneath");
    expect(new errors.TokenRequestError(message, { cause }).cause).toBe(cause);
  });

  it("takes another action where waiting will not help", () => {
    expect(new errors.StorageError(message, { action: "fix_config" })).toMatchObject({
      action: "fix_config",
      transient: false,
    });
    expect(new errors.AccessTokenRejectedError(message, { transient: true }).action).toBe("retry");
    expect(new errors.TokenRequestRejectedError(message, { action: "reauthorize" }).action).toBe(
      "reauthorize",
    );
  });

  it("calls a refused refresh plainly rejected unless told that a rotation was lost", () => {
    expect(new errors.RefreshRejectedError(message, { certainty: "probable" }).reason).toBe("rejected");
    expect(
      new errors.RefreshRejectedError(message, { certainty: "certain", reason: "lost_rotation" }).reason,
    ).toBe("lost_rotation");
  });
});

describe("isBitbucketAuthError()", () => {
  it.each(rows)("knows $name", ({ make }) => {
    expect(isBitbucketAuthError(make())).toBe(true);
  });

  it("knows an error made by another copy of the package", () => {
    class ForeignCopy extends Error {
      readonly family = "bitbucket-auth";
      readonly code = "signed_out";
    }
    expect(isBitbucketAuthError(new ForeignCopy("from elsewhere"))).toBe(true);
  });

  it("knows an error made in another frame, whose Error is not this one", () => {
    const foreign: unknown = runInNewContext(
      `Object.assign(new Error("from elsewhere"), { family: "bitbucket-auth", code: "signed_out" })`,
    );
    expect(foreign instanceof Error).toBe(false);
    expect(isBitbucketAuthError(foreign)).toBe(true);
  });

  it.each([
    ["a plain object that looks like one", { family: "bitbucket-auth", code: "signed_out", message: "" }],
    ["an error of another library", new Error("no")],
    ["an error of another family", Object.assign(new Error("no"), { family: "other", code: "signed_out" })],
    ["an error without a code", Object.assign(new Error("no"), { family: "bitbucket-auth" })],
    [
      "an error whose code is a number",
      Object.assign(new Error("no"), { family: "bitbucket-auth", code: 5 }),
    ],
    ["undefined", undefined],
    ["null", null],
    ["a string", "signed_out"],
  ])("does not take %s for one", (_what, value) => {
    expect(isBitbucketAuthError(value)).toBe(false);
  });
});
