import { grantsScope } from "../../src/internal.ts";
import { describe, expect, it } from "vitest";

describe("grantsScope()", () => {
  it.each([
    [["account"], "email"],
    [["account:write"], "email"],
    [["account:write"], "account"],
    [["project"], "repository"],
    [["repository:write"], "repository"],
    [["pullrequest"], "repository"],
    [["pullrequest:write"], "repository:write"],
    [["pullrequest:write"], "repository"],
    [["issue:write"], "issue"],
    [["snippet:write"], "snippet"],
    [["pipeline:variable"], "pipeline"],
    [["runner:write"], "runner"],
    [["webhook"], "webhook"],
  ])("finds in %j the scope %s", (granted, wanted) => expect(grantsScope(granted, wanted)).toBe(true));

  it.each([
    [[], "account"],
    [["email"], "account"],
    [["repository"], "repository:write"],
    [["repository:write"], "pullrequest"],
    [["repository:admin"], "repository"],
    [["repository:admin"], "repository:write"],
    [["repository:delete"], "repository"],
    [["write:repository:bitbucket"], "read:repository:bitbucket"],
    [["constructor"], "account"],
    [["__proto__:write"], "account"],
  ])("does not find in %j the scope %s", (granted, wanted) =>
    expect(grantsScope(granted, wanted)).toBe(false),
  );

  it("cannot say no where nothing is known of the scopes", () => {
    expect(grantsScope(undefined, "email")).toBe(true);
  });
});
