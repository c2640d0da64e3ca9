import {
  isBitbucketAuthError,
  type AnyBitbucketAuthError,
  type BitbucketAuth,
  type RateLimitedError,
  type RefreshRejectedError,
  type ScopeMissingError,
} from "@bitbucket-auth/core";
import { describe, expectTypeOf, it } from "vitest";

describe("an error of core's", () => {
  it("is told by isBitbucketAuthError(), and its class by its code", () => {
    const judge = (error: unknown): void => {
      if (!isBitbucketAuthError(error)) return;
      expectTypeOf(error).toEqualTypeOf<AnyBitbucketAuthError>();
      if (error.code === "refresh_rejected") expectTypeOf(error).toEqualTypeOf<RefreshRejectedError>();
      if (error.code === "rate_limited") expectTypeOf(error).toEqualTypeOf<RateLimitedError>();
      if (error.code === "scope_missing") expectTypeOf(error).toEqualTypeOf<ScopeMissingError>();
    };
    expectTypeOf(judge).toBeFunction();
  });

  it("has an action that a switch can exhaust", () => {
    const actionOf = ({ action }: AnyBitbucketAuthError): string => {
      switch (action) {
        case "retry":
        case "reauthorize":
        case "fix_config":
        case "add_scope":
          return action;
      }
    };
    expectTypeOf(actionOf).returns.toBeString();
  });
});

describe("a listener", () => {
  it("gets the event of its name, and names that are no event do not compile", () => {
    const listen = (auth: BitbucketAuth): void => {
      auth.on("refreshed", (event) => expectTypeOf(event).toHaveProperty("account"));
      // @ts-expect-error -- no event has this name
      auth.on("refreshd", () => undefined);
    };
    expectTypeOf(listen).toBeFunction();
  });
});
