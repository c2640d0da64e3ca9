import { describe, expect, it } from "vitest";
import { readUser } from "../src/bitbucket-session.js";

const alice = { uuid: "{a}", display_name: "Alice" };

/** Answers each path from a table, and tells which were asked for. */
function api(answers: Readonly<Record<string, object>>) {
  const asked: string[] = [];
  const fetchAsUser: typeof globalThis.fetch = async (input) => {
    const path = typeof input === "string" ? input : "";
    asked.push(path);
    const answer = answers[path];
    return answer ? Response.json(answer) : Response.json({ type: "error" }, { status: 403 });
  };
  return { asked, fetchAsUser };
}

describe("readUser()", () => {
  it.each([
    [["email"]],
    [["account"]],
    [["account:write", "repository"]],
    [[]],
    [["read:user:bitbucket"]],
    [["ACCOUNT"]],
    [undefined],
  ])("asks for addresses with the scopes %j", async (scopes) => {
    const values = [{ email: "a@example.com", is_primary: true, is_confirmed: true }];
    const { fetchAsUser } = api({ "/2.0/user": alice, "/2.0/user/emails": { values } });
    const { emails } = await readUser(fetchAsUser, scopes);
    expect(emails).toEqual([{ email: "a@example.com", isPrimary: true, isConfirmed: true }]);
  });

  it("asks for none where no scope can allow it", async () => {
    const { fetchAsUser, asked } = api({ "/2.0/user": alice });
    expect(await readUser(fetchAsUser, ["repository", "team"])).not.toHaveProperty("emails");
    expect(asked).toEqual(["/2.0/user"]);
  });

  it("reads every page: the primary address may be on the second", async () => {
    const next = "https://api.bitbucket.org/2.0/user/emails?page=2";
    const { fetchAsUser } = api({
      "/2.0/user": alice,
      "/2.0/user/emails": { values: [{ email: "old@example.com" }], next },
      [next]: { values: [{ email: "a@example.com", is_primary: true }] },
    });
    const { emails = [] } = await readUser(fetchAsUser, ["account"]);
    expect(emails.map(({ email, isPrimary }) => [email, isPrimary])).toEqual([
      ["old@example.com", false],
      ["a@example.com", true],
    ]);
  });

  it.each([
    ["a count that says more and a page that is always the same", { size: 3 }],
    ["a link to itself", { next: "https://api.bitbucket.org/2.0/user/emails?page=2" }],
  ])("has no address twice from a list with %s", async (_what, rest) => {
    const page = { values: [{ email: "a@example.com" }, { type: "email" }], ...rest };
    const { fetchAsUser, asked } = api({
      "/2.0/user": alice,
      "/2.0/user/emails": page,
      "/2.0/user/emails?page=2": page,
      "https://api.bitbucket.org/2.0/user/emails?page=2": page,
    });
    const { emails = [] } = await readUser(fetchAsUser, ["account"]);
    expect(emails.map(({ email }) => email)).toEqual(["a@example.com"]);
    expect(asked).toHaveLength(3);
  });

  it("reads every page of a list that sends a count and no link", async () => {
    const page = (...emails: string[]) => ({ size: 2, values: emails.map((email) => ({ email })) });
    const { fetchAsUser, asked } = api({
      "/2.0/user": alice,
      "/2.0/user/emails": page("a@example.com"),
      "/2.0/user/emails?page=2": page("b@example.com"),
    });
    const { emails = [] } = await readUser(fetchAsUser, ["account"]);
    expect(emails.map(({ email }) => email)).toEqual(["a@example.com", "b@example.com"]);
    expect(asked).toHaveLength(3);
  });

  it("ends a list of addresses that never ends", async () => {
    const { fetchAsUser, asked } = api({
      "/2.0/user": alice,
      "/2.0/user/emails": { values: [{ email: "a@example.com" }], next: "/2.0/user/emails" },
    });
    await readUser(fetchAsUser, undefined);
    expect(asked.length).toBeLessThan(30);
  });

  it("goes without addresses that are refused", async () => {
    const { fetchAsUser } = api({ "/2.0/user": alice });
    expect(await readUser(fetchAsUser, undefined)).toEqual({ uuid: "{a}", displayName: "Alice" });
  });
});
