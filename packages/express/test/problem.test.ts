import {
  AccessTokenRejectedError,
  RecordUnreadableError,
  RefreshRejectedError,
  SignedOutError,
  StorageError,
  TokenRequestRejectedError,
} from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { describeProblem } from "../src/problem.js";
import { ProxyRefusedError } from "../src/refused-errors.js";

describe("describeProblem()", () => {
  it.each([
    ["an ended grant", new RefreshRejectedError("", { certainty: "certain" }), 401, "sign-in"],
    ["nobody signed in", new SignedOutError(""), 401, "sign-in"],
    ["a storage that may come back", new StorageError(""), 503, "retry"],
    ["a storage set up wrongly", new StorageError("", { action: "fix_config" }), 500, "leave"],
    [
      "a code that was used",
      new TokenRequestRejectedError("", { oauthError: "invalid_grant" }),
      400,
      "sign-in",
    ],
    [
      "a wrong consumer secret",
      new TokenRequestRejectedError("", { oauthError: "invalid_client" }),
      500,
      "leave",
    ],
    ["a damaged record", new RecordUnreadableError("", { reason: "corrupt" }), 401, "sign-in"],
    ["a missing key", new RecordUnreadableError("", { reason: "unknown_key" }), 500, "leave"],
    ["a call to repeat", new AccessTokenRejectedError("", { transient: true }), 503, "retry"],
    ["a refused proxy call", new ProxyRefusedError("", { status: 413 }), 413, "leave"],
  ])("knows %s", (_what, error, status, next) => {
    expect(describeProblem(error)).toMatchObject({ status, next });
  });

  it("repeats nothing of the error's own words", () => {
    const error = new StorageError("secret words", { description: "more of them" });
    expect(JSON.stringify(describeProblem(error))).not.toMatch(/secret|more of them/);
  });
});
