import { describe, expect, it } from "vitest";
import { covers } from "../src/scopes.ts";

describe("covers()", () => {
  it.each([
    ["account", "email"],
    ["account:write", "email"],
    ["project", "repository"],
    ["repository:write", "repository"],
    ["pullrequest", "repository"],
    ["pullrequest:write", "pullrequest"],
    ["pullrequest:write", "repository:write"],
    ["pipeline:variable", "pipeline"],
    ["some:new:scope", "some:new:scope"],
  ])("%s gives %s", (granted, required) => {
    expect(covers([granted], required)).toBe(true);
  });

  it.each([
    ["email", "account"],
    ["repository", "repository:write"],
    ["repository:admin", "repository"],
    ["repository:delete", "repository"],
    ["repository:write", "pullrequest"],
    ["pullrequest", "repository:write"],
  ])("%s does not give %s", (granted, required) => {
    expect(covers([granted], required)).toBe(false);
  });
});
