import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { bitbucketMatchers as jestMatchers } from "../src/jest.ts";
import {
  assertLeaksNothing,
  assertLiveSession,
  assertNoRefreshTokenReuse,
  assertNoViolations,
  assertReceivedTokenRequest,
  assertRefreshed,
  expectSingleRefresh,
} from "../src/node.ts";
import { bitbucketMatchers } from "../src/vitest.ts";
import { judgeRefreshed } from "../src/fake/verdicts.ts";
import { callApi, postToken, refresh } from "./token-request.ts";

expect.extend(bitbucketMatchers);

describe("the matchers", () => {
  it("toHaveRefreshed() counts refresh requests", async () => {
    const mock = createBitbucketMock();
    expect(mock).toHaveRefreshed(0);
    await refresh(mock, mock.issueGrant().tokens.refreshToken);
    expect(mock).toHaveRefreshed(1);
    expect(mock).not.toHaveRefreshed(2);
    expect(() => expect(mock).toHaveRefreshed(0)).toThrow(
      "expected 0 refresh requests, the fake got 1\n  #1 token:refresh_token grant-1 generation 1: 200",
    );
  });

  it("toHaveReceivedTokenRequest() looks for one by its parts", async () => {
    const mock = createBitbucketMock();
    await postToken(mock, { grant_type: "client_credentials" });
    expect(mock).toHaveReceivedTokenRequest();
    expect(mock).toHaveReceivedTokenRequest({ grantType: "client_credentials", status: 200 });
    expect(mock).not.toHaveReceivedTokenRequest({ grantType: "refresh_token" });
    expect(mock).not.toHaveReceivedTokenRequest({ status: 400 });
    expect(mock).not.toHaveReceivedTokenRequest({ clientId: "other" });
    expect(mock).not.toHaveReceivedTokenRequest({ grantId: "other" });
  });

  it("toHaveNoRefreshTokenReuse() knows a reuse from a rotation", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const { refreshToken } = mock.issueGrant().tokens;
    await refresh(mock, refreshToken);
    expect(mock).toHaveNoRefreshTokenReuse();
    await refresh(mock, refreshToken);
    expect(mock).not.toHaveNoRefreshTokenReuse();
    expect(() => expect(mock).toHaveNoRefreshTokenReuse()).toThrow(
      "there were 1\n  #2 token:refresh_token grant-1",
    );
  });

  it("toHaveNoViolations() lists them", async () => {
    const mock = createBitbucketMock();
    expect(mock).toHaveNoViolations();
    await callApi(mock, "/2.0/workspaces", mock.issueGrant().tokens.accessToken);
    expect(() => expect(mock).toHaveNoViolations()).toThrow(
      "#1 GET /2.0/workspaces: /2.0/workspaces was removed",
    );
  });

  it("toHaveLiveSession() asks whether Bitbucket would refresh", () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    expect(mock).toHaveLiveSession(grant);
    mock.grant(grant).revoke();
    expect(mock).not.toHaveLiveSession(grant);
    expect(() => expect(mock).toHaveLiveSession(grant)).toThrow("expected grant-1 to be alive");
  });

  it("toLeakNothingOf() reads a text", () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant().tokens;
    expect("a log line").toLeakNothingOf(mock);
    expect(() => expect(`token=${accessToken}`).toLeakNothingOf(mock)).toThrow(
      /^expected no secret in the text, there are: the access token of grant-1, generation 1$/,
    );
  });

  it("refuse what they cannot look for, also where `.not` would let it pass", () => {
    const mock = createBitbucketMock();
    for (const times of [Number.NaN, -1, 0.5])
      expect(() => expect(mock).not.toHaveRefreshed(times)).toThrow("Pass their number, 0 or more.");
    const [missing] = new Array<number>();
    expect(() => Reflect.apply(judgeRefreshed, undefined, [mock, missing])).toThrow("Pass their number");
    const pattern = Object.fromEntries([["grant_type", "refresh_token"]]);
    expect(() => expect(mock).not.toHaveReceivedTokenRequest(pattern)).toThrow(
      'not looked for by "grant_type", but by grantType, clientId, grantId, status.',
    );
  });

  it("are the same for jest", () => {
    expect(Object.keys(jestMatchers)).toEqual(Object.keys(bitbucketMatchers));
  });
});

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
