import { createBitbucketMock } from "@bitbucket-auth/testing";
import { bitbucketMatchers } from "@bitbucket-auth/testing/vitest";
import { describe, expect, expectTypeOf, it } from "vitest";

expect.extend(bitbucketMatchers);

describe("expect() of vitest, after expect.extend(bitbucketMatchers)", () => {
  const use = (): void => {
    const mock = createBitbucketMock();
    expectTypeOf(expect(mock).toHaveRefreshed(1)).toBeVoid();
    expect(mock).toHaveReceivedTokenRequest({ grantType: "refresh_token" });
    expect(mock).not.toHaveNoViolations();
    expect("a log").toLeakNothingOf(mock);
    // @ts-expect-error -- how often it has to be is missing
    expect(mock).toHaveRefreshed();
    // @ts-expect-error -- no grant type has this name
    expect(mock).toHaveReceivedTokenRequest({ grantType: "refresh" });
  };

  it("has a matcher for every promise, whose arguments are checked", () => {
    expectTypeOf(use).toBeFunction();
  });
});
