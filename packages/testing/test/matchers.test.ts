import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { bitbucketMatchers as jestMatchers } from "../src/jest.ts";
import { bitbucketMatchers } from "../src/vitest.ts";
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

  it("are the same for jest", () => {
    expect(Object.keys(jestMatchers)).toEqual(Object.keys(bitbucketMatchers));
  });
});
