import { describe, expect, it } from "vitest";
import { replacementOf } from "../src/removed-endpoints.ts";
import { rejection, signedInApi } from "./signed-in-api.ts";

describe("replacementOf()", () => {
  it.each([
    ["/2.0/workspaces", "/2.0/user/workspaces"],
    ["/2.0/repositories/", "/2.0/repositories/{workspace}"],
    ["/2.0/user/permissions/workspaces", "/2.0/user/workspaces"],
    ["/2.0/user/permissions/repositories", "/2.0/user/workspaces/{workspace}/permissions/repositories"],
    ["/2.0/teams", "/2.0/user/workspaces"],
    ["/2.0/teams/acme", "/2.0/workspaces/acme"],
    ["/2.0/teams/acme/projects/WEB", "/2.0/workspaces/acme/projects/WEB"],
    ["/2.0/users/bob", "/2.0/users/{uuid}"],
    ["/2.0/users/bob/repositories", "/2.0/repositories/bob"],
    ["/2.0/users/bob/hooks/7", "/2.0/workspaces/bob/hooks/7"],
    ["/2.0/users/bob/followers", "nothing"],
    ["/2.0/repositories/acme/web/7/vote", "/2.0/repositories/acme/web/issues/7/vote"],
  ])("names what to call in place of %s", (path, today) => {
    expect(replacementOf(path)).toContain(today);
  });

  it.each([
    "/2.0/user",
    "/2.0/user/workspaces",
    "/2.0/workspaces/acme",
    "/2.0/repositories/acme",
    "/2.0/repositories/acme/web",
    "/2.0/repositories/acme/web/pullrequests/7",
    "/2.0/repositories/acme/web/pullrequests/7/approve",
    "/2.0/users/%7Bc2315940-707d-4f5f-8437-76d194cc44c7%7D",
    "/2.0/users/557058:c2315940",
  ])("has nothing to say about %s", (path) => {
    expect(replacementOf(path)).toBeUndefined();
  });
});

describe("a removed endpoint", () => {
  it("is an error that names today's replacement, and the announcement", async () => {
    const { api } = await signedInApi();
    expect(await rejection(api.get("workspaces"))).toMatchObject({
      code: "api_request_failed",
      status: 410,
      transient: false,
      action: "fix_config",
      message: expect.stringMatching(/410 \(CHANGE-2770.*\/2\.0\/user\/workspaces/),
    });
  });

  it.each([404, 410])(
    "is one for teams and users by name too, whether Bitbucket says 404 or 410: %i",
    async (status) => {
      const { mock, api } = await signedInApi();
      mock.faults.when("api", { status });
      expect(await rejection(api.teams.getProjects("acme"))).toMatchObject({
        status,
        message: expect.stringContaining("/2.0/workspaces/acme/projects"),
      });
      expect(await rejection(api.users.get("bob"))).toMatchObject({
        message: expect.stringContaining("/2.0/users/{uuid}"),
      });
    },
  );

  it("is none when Bitbucket is down, or the person may not see it", async () => {
    const { mock, api } = await signedInApi();
    mock.faults.next("api", { status: 503 });
    expect(await rejection(api.teams.get("member"))).toMatchObject({ transient: true });
    mock.faults.next("api", { status: 403 });
    expect(await rejection(api.teams.get("member"))).toMatchObject({
      message: expect.not.stringContaining("Call instead"),
    });
  });
});
