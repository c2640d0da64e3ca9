import { describe, expect, it } from "vitest";
import { readApiErrorBody } from "../../src/api/api-error-body.ts";

const announced = { data: { announcement_url: "https://developer.atlassian.com/changelog#CHANGE-1" } };

describe("readApiErrorBody()", () => {
  it.each<[string, unknown, object]>([
    ["a message", { error: { message: "Forbidden" } }, { message: "Forbidden" }],
    ["a detail in words", { error: { message: "No", detail: "Why." } }, { message: "No", detail: "Why." }],
    [
      "a detail with scopes",
      { error: { message: "No", detail: { granted: ["account"], required: ["pullrequest"] } } },
      { message: "No", granted: ["account"], required: ["pullrequest"] },
    ],
    [
      "a detail of which only a part fits",
      { error: { message: "No", detail: { granted: "account", required: ["pullrequest"] } } },
      { message: "No", required: ["pullrequest"] },
    ],
    ["a detail that does not fit", { error: { message: "No", detail: 7 } }, { message: "No" }],
    ["a message that does not fit", { error: { message: ["No"], detail: "Why." } }, { detail: "Why." }],
    [
      "an announcement inside",
      { error: { message: "Gone", ...announced } },
      { message: "Gone", announcementUrl: announced.data.announcement_url },
    ],
    [
      "an announcement beside",
      { error: { message: "Gone" }, ...announced },
      { message: "Gone", announcementUrl: announced.data.announcement_url },
    ],
    [
      "an announcement that is no https: URL",
      { error: { message: "Gone", data: { announcement_url: "javascript:alert(1)" } } },
      { message: "Gone" },
    ],
    ["an error that is a word", { error: "nope" }, {}],
    ["null", null, {}],
    ["an array", [], {}],
    ["a number", 7, {}],
  ])("reads %s", (_what, body, read) => {
    expect(readApiErrorBody(JSON.stringify(body))).toEqual(read);
  });

  it("reads plain text as the message, and a web page as none", () => {
    expect(readApiErrorBody(" Rate limit exceeded\n")).toEqual({ message: "Rate limit exceeded" });
    expect(readApiErrorBody("\n<!DOCTYPE html><title>Bitbucket</title>")).toEqual({});
    expect(readApiErrorBody("")).toEqual({});
  });

  it("is not led astray by __proto__", () => {
    const read = readApiErrorBody(
      '{"__proto__":{"error":{"message":"No"}},"error":{"__proto__":{"detail":"Why."}}}',
    );
    expect(read).toEqual({});
    expect({}).not.toHaveProperty("detail");
  });
});
