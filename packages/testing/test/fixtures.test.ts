import { describe, expect, it } from "vitest";
import {
  anEmail,
  aPage,
  aPullRequest,
  aPullRequestEvent,
  aPushEvent,
  aRepository,
  aTokenResponse,
  aUser,
  aWorkspace,
  aWorkspaceAccess,
} from "../src/fixtures.ts";
import { createBitbucketMock } from "../src/index.ts";
import { callApi } from "./token-request.ts";

describe("the fixtures", () => {
  it.each([
    ["/2.0/user", aUser()],
    ["/2.0/workspaces/acme", aWorkspace()],
    ["/2.0/repositories/acme/website", aRepository()],
    ["/2.0/repositories/acme/website/pullrequests/1", aPullRequest()],
    ["/2.0/user/emails", aPage([anEmail()])],
    ["/2.0/user/workspaces", aPage([aWorkspaceAccess()])],
  ])("have the members that %s has on the fake", async (path, fixture) => {
    const mock = createBitbucketMock();
    const answer = await callApi(mock, path, mock.issueGrant().tokens.accessToken);
    expect(Object.keys(fixture)).toEqual(Object.keys((await answer.json()) as object));
  });

  it("carry what they are given", () => {
    expect(aUser({ username: "bob", displayName: "Bob" })).toMatchObject({
      username: "bob",
      display_name: "Bob",
    });
    expect(aRepository({ workspace: "lab", slug: "cells", private: false })).toMatchObject({
      full_name: "lab/cells",
      is_private: false,
    });
    expect(aPullRequest({ id: 9, state: "DECLINED" })).toMatchObject({ id: 9, state: "DECLINED" });
    expect(aPage([aUser(), aUser()], "https://api.bitbucket.org/2.0/x?pagelen=1")).toMatchObject({
      size: 2,
      values: [{ type: "user" }],
      next: "https://api.bitbucket.org/2.0/x?pagelen=1&page=2",
    });
  });

  it("make a token response of Bitbucket's size", () => {
    expect(aTokenResponse()).toMatchObject({
      expires_in: 7200,
      token_type: "bearer",
      scope: "account repository",
    });
    expect(aTokenResponse()["access_token"]).toHaveLength(2600);
    expect(aTokenResponse({ refreshToken: null, accessToken: "a", scopes: ["x"] })).toEqual({
      access_token: "a",
      expires_in: 7200,
      token_type: "bearer",
      scope: "x",
    });
  });

  it("make webhook payloads", () => {
    expect(aPushEvent({ branch: "next", actor: { username: "bob" } })).toMatchObject({
      actor: { username: "bob" },
      repository: { full_name: "acme/website" },
      push: { changes: [{ new: { name: "next" } }] },
    });
    expect(aPullRequestEvent({ pullRequest: { id: 3 }, repository: { slug: "api" } })).toMatchObject({
      repository: { full_name: "acme/api" },
      pullrequest: { id: 3, links: { self: { href: expect.stringContaining("/acme/api/pullrequests/3") } } },
    });
  });
});
