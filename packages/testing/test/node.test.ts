import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import {
  assertLeaksNothing,
  assertLiveSession,
  assertNoRefreshTokenReuse,
  assertNoViolations,
  assertReceivedTokenRequest,
  assertRefreshed,
  expectSingleRefresh,
} from "../src/node.ts";
import { callApi, refresh } from "./token-request.ts";

describe("the assertions", () => {
  it("pass on a client that behaves", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    assertRefreshed(mock, 1);
    expectSingleRefresh(mock);
    assertReceivedTokenRequest(mock, { grantType: "refresh_token", status: 200 });
    assertNoRefreshTokenReuse(mock);
    assertNoViolations(mock);
    assertLiveSession(mock, grant);
    assertLeaksNothing(mock, "a log line");
    expect(mock.requests.all).toHaveLength(1);
  });

  it("fail with an AssertionError on one that does not", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    await refresh(mock, grant.tokens.refreshToken);
    await callApi(mock, "/2.0/workspaces", mock.issueGrant().tokens.accessToken);
    const failing = [
      () => assertRefreshed(mock, 1),
      () => expectSingleRefresh(mock),
      () => assertReceivedTokenRequest(mock, { grantType: "password" }),
      () => assertNoRefreshTokenReuse(mock),
      () => assertNoViolations(mock),
      () => assertLiveSession(mock, grant),
      () => assertLeaksNothing(mock, grant.tokens.accessToken),
    ];
    for (const assertion of failing) expect(assertion).toThrow(AssertionError);
  });
});
