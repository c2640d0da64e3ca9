import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { promiseMethods } from "../src/group-methods.ts";
import { rejection, signedInApi } from "./signed-in-api.ts";

describe("promiseMethods()", () => {
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
      const promised = await rejection(groups[group]?.[name]?.(...args) ?? Promise.resolve());
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

  it("quotes no more than a line of the package", async () => {
    const group: Record<string, unknown> = {
      call(_argument: unknown, _callback: unknown) {
        throw new Error(`Invalid argument: ${"x".repeat(500)}\nsecond line`);
      },
    };
    const { call } = promiseMethods(group, "group");
    const error = await rejection(call?.("argument") ?? Promise.resolve());
    expect(String(error).length).toBeLessThan(220);
    expect(String(error)).not.toContain("second line");
  });
});
