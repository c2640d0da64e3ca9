import { describe, expect, it } from "vitest";
import { createBitbucketMock } from "../src/index.ts";
import { parseSeed } from "../src/seed-file.ts";

const seed = {
  consumers: [{ name: "app", clientId: "id", callbackUrl: null, scopes: ["account"], private: false }],
  users: [{ username: "bob", email: "bob@example.com" }],
  workspaces: [{ slug: "lab", members: ["bob"] }],
  repositories: [{ workspace: "lab", slug: "cells", private: false }],
  pullRequests: [{ workspace: "lab", repository: "cells", id: 4, state: "MERGED" }],
};

describe("parseSeed()", () => {
  it("reads everything a fake can start with", () => {
    expect(parseSeed(JSON.parse(JSON.stringify(seed)))).toEqual(seed);
    const mock = createBitbucketMock({ seed: parseSeed(seed) });
    expect(mock.consumers).toMatchObject([{ clientId: "id", callbackUrl: null, private: false }]);
    expect(mock.pullRequests).toMatchObject([{ id: 4, state: "MERGED" }]);
  });

  it("leaves out what is not given, so that the defaults count", () => {
    expect(parseSeed({})).toEqual({});
  });

  it.each([
    [{ users: [{}] }, '"username" of an item of users is not a string'],
    [{ consumers: {} }, '"consumers" of the seed is not a list'],
    [{ consumers: [{ scopes: [1] }] }, '"scopes" of an item of consumers is not a list of strings'],
    [{ pullRequests: [{ workspace: "a", repository: "b", id: 1, state: "GONE" }] }, '"state"'],
    [{ repos: [] }, 'the seed has no list "repos"; it has consumers, '],
    [[], "the seed is not a JSON object"],
  ])("names what is wrong with %j", (wrong, message) => {
    expect(() => parseSeed(wrong)).toThrow(message);
  });
});
