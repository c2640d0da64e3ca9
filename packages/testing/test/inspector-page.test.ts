import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { inspectorPage } from "../src/inspector-page.ts";
import { callApi, postToken, refresh } from "./token-request.ts";

describe("inspectorPage()", () => {
  it("shows users, consumers, grants, generations, requests and violations", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant();
    await refresh(mock, grant.tokens.refreshToken);
    await refresh(mock, grant.tokens.refreshToken);
    await callApi(mock, "/2.0/workspaces", mock.issueGrant().tokens.accessToken);
    const { body } = inspectorPage(mock, false);
    for (const part of [
      "Alice Example",
      "mockConsumerKey00000000000000000",
      "grant-1",
      '<td class="bad">dead</td>',
      '<td class="good">live</td>',
      "generation 1",
      "reused after its leeway",
      "POST /site/oauth2/access_token",
      "was removed by CHANGE-2770",
    ])
      expect(body).toContain(part);
  });

  it("shows no secret", async () => {
    const mock = createBitbucketMock();
    const grant = mock.issueGrant();
    const { code } = mock.authorize();
    await refresh(mock, grant.tokens.refreshToken);
    await postToken(mock, { grant_type: "authorization_code", code });
    await callApi(mock, `/2.0/user?access_token=${grant.tokens.accessToken}`, grant.tokens.accessToken);
    expect(mock.leaks(inspectorPage(mock, true).body)).toEqual([]);
  });

  it("shows what it is told as text", async () => {
    const mock = createBitbucketMock({
      users: [{ username: "x", displayName: "<script>alert(1)</script>" }],
    });
    await mock.fetch(`${mock.urls.api}/2.0/<img>`);
    const { body } = inspectorPage(mock, false);
    expect(body).not.toContain("<script");
    expect(body).not.toContain("<img>");
  });

  it("reloads itself only when asked to", () => {
    const mock = createBitbucketMock();
    expect(inspectorPage(mock, false).headers).not.toHaveProperty("refresh");
    expect(inspectorPage(mock, true).headers).toHaveProperty("refresh", "2");
  });

  it("says so when there is nothing", () => {
    expect(inspectorPage(createBitbucketMock(), false).body).toContain("None.");
  });
});
