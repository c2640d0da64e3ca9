import {
  createAuthenticatedAPI,
  createClientFetch,
  type ApiAnswer,
  type ApiResponse,
  type BitbucketAPI,
} from "@bitbucket-auth/api-v2";
import { createAuthenticatedClient } from "@bitbucket-auth/api-v2/bitbucket";
import type { BitbucketAuth } from "@bitbucket-auth/core";
import { describe, expectTypeOf, it } from "vitest";

describe("a call of the API object", () => {
  const calls = (api: BitbucketAPI): void => {
    expectTypeOf(api.get("user")).toEqualTypeOf<Promise<ApiAnswer>>();
    expectTypeOf(api.get<{ uuid: string }>("user")).resolves.toEqualTypeOf<{ uuid: string }>();
    expectTypeOf(api.get("user", null, { withResponse: true })).resolves.toEqualTypeOf<
      ApiResponse<ApiAnswer>
    >();
    expectTypeOf(api.get("user", null, null, () => undefined)).toBeVoid();
    expectTypeOf(api.user.get()).toExtend<Promise<ApiAnswer>>();
    // @ts-expect-error -- bitbucket-api-v2 has no such group
    void api.usr;
  };

  it("answers a promise, or nothing to a callback, with the status beside the value where it is asked for", () => {
    expectTypeOf(calls).toBeFunction();
  });
});

describe("an account that may be missing", () => {
  const use = (auth: BitbucketAuth, account: string | undefined): void => {
    // @ts-expect-error -- it may be missing
    void createAuthenticatedAPI({ auth, account });
    // @ts-expect-error -- it may be missing
    void createAuthenticatedClient({ auth, account });
    // @ts-expect-error -- it may be missing
    createClientFetch({ auth, account });
  };

  it("is taken by no function that would otherwise act as the consumer", () => {
    expectTypeOf(use).toBeFunction();
  });
});
