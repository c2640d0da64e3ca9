import {
  AccessTokenRejectedError,
  ApiRequestError,
  AuthorizationDeniedError,
  RecordUnreadableError,
  RefreshRejectedError,
  SignedOutError,
  StorageError,
  TokenRequestRejectedError,
} from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { describeProblem } from "../src/problem.js";
import { ProxyRefusedError } from "../src/problem.js";

const wrong = { transient: false, action: "fix_config" } as const;

describe("describeProblem()", () => {
  it.each([
    ["an ended grant", new RefreshRejectedError("", { certainty: "certain" }), 401, "sign-in"],
    [
      "a consent that was denied",
      new AuthorizationDeniedError("", { oauthError: "access_denied" }),
      403,
      "sign-in",
    ],
    ["a denial without a reason", new AuthorizationDeniedError("", {}), 403, "sign-in"],
    [
      "a consent page that failed",
      new AuthorizationDeniedError("", { oauthError: "server_error" }),
      503,
      "sign-in",
    ],
    [
      "a consent page that is down",
      new AuthorizationDeniedError("", { oauthError: "temporarily_unavailable" }),
      503,
      "sign-in",
    ],
    [
      "a consumer that may not ask",
      new AuthorizationDeniedError("", { oauthError: "unauthorized_client" }),
      500,
      "leave",
    ],
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
    [
      "a call that may pass",
      new ApiRequestError("", { status: 503, transient: true, action: "retry" }),
      502,
      "retry",
    ],
    ["a call for what is not there", new ApiRequestError("", { ...wrong, status: 404 }), 404, "leave"],
    [
      "a call that the account may not make",
      new ApiRequestError("", { ...wrong, status: 403 }),
      403,
      "leave",
    ],
    ["a call with a mistake in it", new ApiRequestError("", { ...wrong, status: 400 }), 502, "leave"],
    ["a redirect that is not followed", new ApiRequestError("", wrong), 502, "leave"],
    ["a refused proxy call", new ProxyRefusedError("", { status: 413 }), 413, "leave"],
  ])("knows %s", (_what, error, status, next) => {
    expect(describeProblem(error)).toMatchObject({ status, next });
  });

  it("repeats what Bitbucket says about a call that it refuses, and does not promise that it will pass", () => {
    const error = new ApiRequestError("secret words", {
      ...wrong,
      status: 404,
      description: "No such branch",
    });
    const problem = describeProblem(error);
    expect(problem.text).toMatch(/Trying again will not help\. Bitbucket says: “No such branch”/);
    expect(JSON.stringify(problem)).not.toContain("secret words");
  });

  it("repeats nothing of the error's own words", () => {
    const error = new StorageError("secret words", { description: "more of them" });
    expect(JSON.stringify(describeProblem(error))).not.toMatch(/secret|more of them/);
  });
});
