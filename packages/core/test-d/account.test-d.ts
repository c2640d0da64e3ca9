import type { BitbucketAuth } from "@bitbucket-auth/core";
import { describe, expectTypeOf, it } from "vitest";

/** What a session may answer that lost its account. */
type Account = string | undefined;

describe("an account that may be missing", () => {
  const use = (auth: BitbucketAuth, account: Account): void => {
    // @ts-expect-error -- it may be missing
    void auth.getAccessToken(account);
    // @ts-expect-error -- it is missing
    void auth.getAccessToken(undefined);
    // @ts-expect-error -- it may be missing
    void auth.getTokens(account);
    // @ts-expect-error -- it may be missing
    void auth.fetchFor(account);
    // @ts-expect-error -- it may be missing
    void auth.signOut(account);
  };

  it("is taken by no method that would otherwise act as the consumer", () => {
    expectTypeOf<Account>().not.toExtend<Parameters<BitbucketAuth["getAccessToken"]>[0]>();
    expectTypeOf(use).toBeFunction();
  });

  it("is taken once it was checked, and a call without one compiles", () => {
    expectTypeOf((auth: BitbucketAuth, account: Account) =>
      account === undefined ? auth.getAccessToken() : auth.getAccessToken(account, { minValidityMs: 1 }),
    ).returns.toEqualTypeOf<Promise<string>>();
  });
});
