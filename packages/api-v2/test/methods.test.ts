import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { rejectionOf, signedInApi } from "./signed-in-api.ts";

describe("a method of a group", () => {
  it("answers a promise without a callback, and nothing with one", async () => {
    const { api } = await signedInApi();
    await new Promise<void>((resolve) => {
      expect(api.user.get(() => resolve())).toBeUndefined();
    });
    expect(await api.user.get()).toMatchObject({ username: "alice" });
  });

  it("takes an absent callback for none", async () => {
    const { api } = await signedInApi();
    const get = api.user.get as (callback?: undefined) => Promise<unknown>;
    expect(await get(undefined)).toMatchObject({ username: "alice" });
  });

  it.each([
    ["too few arguments", "repositories", "get", ["acme"]],
    ["too many", "user", "get", ["acme", "web"]],
    ["too few where the package does not count", "snippets", "getFor", []],
    ["none for a default", "teams", "get", []],
    ["an empty one", "users", "get", [""]],
    ["an answer without the link", "repositories", "getForksFromResponse", [{}]],
  ] as const)(
    "rejects %s, to the promise and to the callback, and sends nothing",
    async (_what, group, name, args) => {
      const { mock, api } = await signedInApi();
      const groups = api as unknown as Record<
        string,
        Record<string, (...all: unknown[]) => Promise<unknown>>
      >;
      const promised = await rejectionOf(groups[group]?.[name]?.(...args) ?? Promise.resolve());
      const calledBack = await new Promise((resolve) => void groups[group]?.[name]?.(...args, resolve));
      for (const error of [promised, calledBack]) {
        expect(isBitbucketAuthError(error)).toBe(true);
        expect(error).toMatchObject({
          code: "invalid_options",
          message: expect.stringContaining(`${group}.${name}()`),
        });
      }
      expect(mock.requests.all).toHaveLength(0);
    },
  );

  it.each(["x".repeat(500), "first line\nsecond line"])(
    "quotes no more than a line of the package, which quotes a wrong argument",
    async (text) => {
      const { mock, api } = await signedInApi();
      const argument = Object.assign(() => undefined, { toString: () => text });
      const error = await rejectionOf(Reflect.apply(api.repositories.get, undefined, [argument, "web"]));
      expect(error).toMatchObject({ code: "invalid_options" });
      expect(String(error)).toContain("repositories.get(): ");
      expect(String(error).length).toBeLessThan(220);
      expect(String(error)).not.toContain("second line");
      expect(mock.requests.all).toHaveLength(0);
    },
  );
});

describe("a callback", () => {
  it("is called later, once, with the answer", async () => {
    const { api } = await signedInApi();
    const calls: unknown[][] = [];
    await new Promise<void>((resolve) => {
      api.get("user", null, null, (...args: unknown[]) => {
        calls.push(args);
        resolve();
      });
      expect(calls).toEqual([]);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([[null, expect.objectContaining({ username: "alice" })]]);
  });

  it("of null is none: the call answers a promise", async () => {
    const { api } = await signedInApi();
    const answer: unknown = Reflect.apply(api.get, api, ["user", null, null, null]);
    expect(await answer).toMatchObject({ username: "alice" });
  });

  it("that throws is not called again, and what it throws is an uncaught exception", async () => {
    const { api } = await signedInApi();
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const thrown = new Promise((resolve) => process.once("uncaughtException", resolve));
    let calls = 0;
    const failure = new Error("the caller's own");
    api.get("user", null, null, () => {
      calls += 1;
      throw failure;
    });
    expect(await thrown).toBe(failure);
    await new Promise((resolve) => setImmediate(resolve));
    for (const listener of listeners) process.on("uncaughtException", listener);
    expect(calls).toBe(1);
  });

  it("never takes an abort for success, not even one for the reason null", async () => {
    const { api } = await signedInApi();
    const signal = AbortSignal.abort(null);
    const error = await new Promise((resolve) => api.get("user", null, { signal }, resolve));
    expect(error).toMatchObject({ name: "AbortError" });
  });
});

/** What a call of a path rejects with where the API answers 404. */
async function refusalOf(path: string): Promise<unknown> {
  const { mock, api } = await signedInApi();
  mock.faults.when("api", { status: 404 });
  return rejectionOf(api.get(path));
}

describe("a call of a route that is not there", () => {
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
  ])("%s is told what to call instead", async (path, today) => {
    expect(String(await refusalOf(path)).split("Call instead: ")[1]).toContain(today);
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
  ])("%s is told of no replacement", async (path) => {
    expect(await refusalOf(path)).toMatchObject({
      code: "api_request_failed",
      status: 404,
      message: expect.not.stringContaining("Call instead"),
    });
  });
});

describe("a removed endpoint", () => {
  it("is an error that names today's replacement, and the announcement", async () => {
    const { api } = await signedInApi();
    expect(await rejectionOf(api.get("workspaces"))).toMatchObject({
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
      expect(await rejectionOf(api.teams.getProjects("acme"))).toMatchObject({
        status,
        message: expect.stringContaining("/2.0/workspaces/acme/projects"),
      });
      expect(await rejectionOf(api.users.get("bob"))).toMatchObject({
        message: expect.stringContaining("/2.0/users/{uuid}"),
      });
    },
  );

  it("is absent when Bitbucket is down, or the user may not see it", async () => {
    const { mock, api } = await signedInApi();
    mock.faults.next("api", { status: 503 });
    expect(await rejectionOf(api.teams.get("member"))).toMatchObject({ transient: true });
    mock.faults.next("api", { status: 403 });
    expect(await rejectionOf(api.teams.get("member"))).toMatchObject({
      message: expect.not.stringContaining("Call instead"),
    });
  });
});
