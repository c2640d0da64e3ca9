import { describe, expect, it } from "vitest";
import { covers } from "../src/fake/api/authentication.ts";
import { page } from "../src/fake/api/resources.ts";
import { createBitbucketMock, type BitbucketMock } from "../src/index.ts";
import { recordedApiErrors as recorded } from "./recorded.ts";
import { basic, callApi } from "./token-request.ts";

function start(scopes?: readonly string[]): { mock: BitbucketMock; get(path: string): Promise<Response> } {
  const mock = createBitbucketMock();
  const { tokens } = mock.issueGrant(scopes && { scope: scopes });
  return { mock, get: (path) => callApi(mock, path, tokens.accessToken) };
}

async function json(answer: Response | Promise<Response>): Promise<Record<string, unknown>> {
  return (await (await answer).json()) as Record<string, unknown>;
}

describe("the API", () => {
  it("tells who the user is, in Bitbucket's members", async () => {
    const { get, mock } = start();
    expect(await json(get("/2.0/user"))).toMatchObject({
      type: "user",
      username: "alice",
      display_name: "Alice Example",
      uuid: mock.users[0]?.uuid,
      account_id: mock.users[0]?.accountId,
    });
  });

  it("lists emails and the workspaces one level down", async () => {
    const { get } = start();
    expect(await json(get("/2.0/user/emails"))).toMatchObject({
      values: [{ type: "email", email: "alice@example.com", is_primary: true }],
      size: 1,
    });
    expect(await json(get("/2.0/user/workspaces"))).toMatchObject({
      values: [{ type: "workspace_access", administrator: true, workspace: { slug: "acme" } }],
    });
    expect(await json(get("/2.0/workspaces/acme"))).toMatchObject({ type: "workspace", slug: "acme" });
  });

  it("walks through repositories page by page along next", async () => {
    const mock = createBitbucketMock({
      repositories: Array.from({ length: 25 }, (_, index) => ({ workspace: "acme", slug: `repo-${index}` })),
    });
    const { accessToken } = mock.issueGrant().tokens;
    const seen: unknown[] = [];
    const visited: string[] = [];
    let next: unknown = `${mock.urls.api}/2.0/repositories/acme?pagelen=10&q=x`;
    while (typeof next === "string") {
      const body = await json(mock.fetch(next, { headers: { authorization: `Bearer ${accessToken}` } }));
      seen.push(...(body["values"] as unknown[]));
      expect(body).toMatchObject({ size: 25, pagelen: 10 });
      visited.push(next);
      next = body["next"];
    }
    expect(seen).toHaveLength(25);
    expect(visited.map((url) => new URL(url).searchParams.get("q"))).toEqual(["x", "x", "x"]);
  });

  it("gives pages of up to 100 items, of pull requests up to 50, tells the page before, and refuses longer ones", async () => {
    const { mock, get } = start();
    const body = await json(get("/2.0/repositories/acme?pagelen=100&page=2"));
    expect(body).toMatchObject({ pagelen: 100, page: 2, values: [] });
    expect(body["previous"]).toContain("page=1");
    const pullRequests = "/2.0/repositories/acme/website/pullrequests";
    expect((await get(`${pullRequests}?pagelen=50`)).status).toBe(200);
    for (const path of ["/2.0/repositories/acme?pagelen=101", `${pullRequests}?pagelen=51`]) {
      const refused = await get(path);
      expect(refused.status).toBe(400);
      expect(await json(refused)).toEqual({ type: "error", error: { message: "Invalid pagelen" } });
    }
    mock.route("GET", "/2.0/own", { values: [] });
    expect((await get("/2.0/own?pagelen=1000")).status).toBe(200);
  });

  it("gives repositories and pull requests, open ones unless asked otherwise", async () => {
    const { get, mock } = start();
    expect(await json(get("/2.0/repositories/acme/website"))).toMatchObject({ full_name: "acme/website" });
    expect(await json(get(`/2.0/repositories/acme/${mock.repositories[0]?.uuid}`))).toMatchObject({
      slug: "website",
    });
    const pulls = "/2.0/repositories/acme/website/pullrequests";
    expect(await json(get(pulls))).toMatchObject({ size: 1, values: [{ id: 1, state: "OPEN" }] });
    expect(await json(get(`${pulls}?state=MERGED`))).toMatchObject({ size: 1, values: [{ id: 2 }] });
    expect(await json(get(`${pulls}/2`))).toMatchObject({ id: 2, state: "MERGED" });
  });

  it.each([
    "/2.0/repositories/acme/nothing",
    "/2.0/repositories/elsewhere",
    "/2.0/repositories/acme/website/pullrequests/9",
    "/2.0/repositories/acme/nothing/pullrequests",
    "/2.0/workspaces/%zz",
  ])("answers %s with 404", async (path) => {
    const { get, mock } = start();
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await json(answer)).toMatchObject({
      type: "error",
      error: {
        message: "Resource not found",
        detail: expect.stringContaining("There is no API hosted at this URL."),
      },
    });
    expect(mock.violations).toEqual([]);
  });

  it("hides a workspace from those who are not its members", async () => {
    const mock = createBitbucketMock({ workspaces: [{ slug: "acme", members: [] }] });
    const { accessToken } = mock.issueGrant().tokens;
    expect((await callApi(mock, "/2.0/repositories/acme", accessToken)).status).toBe(404);
  });

  it("takes turns with the three wordings of an expired token", async () => {
    const { get, mock } = start();
    await mock.clock.advance("2h");
    for (const body of [...recorded.expired, recorded.expired[0]]) {
      const answer = await get("/2.0/user");
      expect(answer.status).toBe(401);
      expect(await json(answer)).toEqual(JSON.parse(body));
    }
  });

  it.each([
    ["an unknown token", "Bearer unknown"],
    ["a lower-case scheme", "bearer"],
    ["another scheme", "Token"],
  ])("refuses %s with 401", async (_what, scheme) => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant().tokens;
    const authorization = scheme.includes(" ") ? scheme : `${scheme} ${accessToken}`;
    const answer = await mock.fetch(`${mock.urls.api}/2.0/user`, { headers: { authorization } });
    expect(answer.status).toBe(401);
    expect(await json(answer)).toEqual(JSON.parse(recorded.invalid));
  });

  it("refuses a request without a token, and one with the token in a form", async () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant().tokens;
    expect((await mock.fetch(`${mock.urls.api}/2.0/user`)).status).toBe(401);
    expect(mock.violations).toEqual([]);
    const body = new URLSearchParams({ access_token: accessToken });
    expect((await mock.fetch(`${mock.urls.api}/2.0/user`, { method: "POST", body })).status).toBe(401);
    expect(mock.violations).toHaveLength(1);
  });

  it("refuses Basic in plain text with a header of its own", async () => {
    const mock = createBitbucketMock();
    const headers = { authorization: basic(mock.consumers[0]) };
    const answer = await mock.fetch(`${mock.urls.api}/2.0/user`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toContain("text/plain");
    expect(answer.headers.get("www-authenticate")).toBe("BitbucketCustom realm=Bitbucket.org HTTP");
    expect(await answer.text()).toMatch(/^Login failed due to incorrect login credentials or method\.\n/);
  });

  it("refuses a missing scope with what is granted and what is required", async () => {
    const { get } = start(["account"]);
    const answer = await get("/2.0/repositories/acme/website/pullrequests");
    expect(answer.status).toBe(403);
    expect(await json(answer)).toEqual(JSON.parse(recorded.scope));
  });

  it("counts implied scopes and tells both sides in headers", async () => {
    const { get } = start(["pullrequest:write"]);
    const answer = await get("/2.0/repositories/acme");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-oauth-scopes")).toBe("pullrequest:write");
    expect(answer.headers.get("x-accepted-oauth-scopes")).toBe("repository");
    expect((await get("/2.0/user")).status).toBe(403);
  });

  it.each([
    "/2.0/workspaces",
    "/2.0/repositories",
    "/2.0/user/permissions/workspaces",
    "/2.0/user/permissions/repositories",
  ])("says 410 for %s, which CHANGE-2770 removed", async (path) => {
    const { get, mock } = start();
    const answer = await get(path);
    expect(answer.status).toBe(410);
    expect(await json(answer)).toEqual(JSON.parse(recorded.removed));
    expect(mock.violations).toHaveLength(1);
  });

  it("answers what it does not have with 501 and a violation, or with 404 when it is not strict", async () => {
    const { get, mock } = start();
    const answer = await get("/2.0/snippets");
    expect(answer.status).toBe(501);
    expect(await json(answer)).toMatchObject({
      error: {
        message:
          'the fake has no GET /2.0/snippets. Add it in your test: mock.route("GET", "/2.0/snippets", { … })',
      },
    });
    expect(mock.violations).toMatchObject([{ op: "api", path: "/2.0/snippets" }]);
    const lenient = createBitbucketMock({ strict: false });
    const { accessToken } = lenient.issueGrant().tokens;
    expect((await callApi(lenient, "/2.0/snippets", accessToken)).status).toBe(404);
    expect(lenient.violations).toEqual([]);
  });
});

const list = "https://api.bitbucket.org/2.0/repositories/acme";

function at(query: string, length = 20): Record<string, unknown> {
  const items = Array.from({ length }, (_, index) => index);
  return page(items, new URL(list + query));
}

describe("page()", () => {
  it("shows ten items when nothing is asked for", () => {
    expect(at("")).toEqual({
      values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      pagelen: 10,
      size: 20,
      page: 1,
      next: `${list}?page=2`,
    });
  });

  it("ends where the list ends, without a next", () => {
    expect(at("?page=2")).not.toHaveProperty("next");
    expect(at("", 10)).not.toHaveProperty("next");
    expect(at("", 0)).toEqual({ values: [], pagelen: 10, size: 0, page: 1 });
  });

  it("keeps the other parameters on the way there and back", () => {
    expect(at("?q=x&pagelen=5&page=2")).toMatchObject({
      next: `${list}?q=x&pagelen=5&page=3`,
      previous: `${list}?q=x&pagelen=5&page=1`,
    });
  });

  it.each(["?pagelen=0", "?pagelen=-1", "?pagelen=x", "?page=0", "?page=1.5"])(
    "takes %s for nothing said",
    (query) => {
      expect(at(query)).toMatchObject({ pagelen: 10, page: 1 });
    },
  );
});

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
