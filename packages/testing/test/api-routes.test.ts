import { describe, expect, it } from "vitest";
import { createBitbucketMock, type BitbucketMock } from "../src/index.ts";

const everything = [
  "account",
  "email",
  "project:admin",
  "project",
  "repository:write",
  "repository:admin",
  "repository:delete",
  "pullrequest:write",
  "issue:write",
  "pipeline:variable",
  "webhook",
];

type Body = Readonly<Record<string, unknown>>;

/** The API by one call: `GET /2.0/user`, or with a JSON body. */
function client(mock: BitbucketMock = createBitbucketMock()) {
  const { accessToken } = mock.issueGrant({ scope: everything }).tokens;
  return async (call: string, json?: Body): Promise<{ status: number; body: Body; headers: Headers }> => {
    const [method = "GET", path = ""] = call.split(" ");
    const answer = await mock.fetch(`https://api.bitbucket.org/2.0${path}`, {
      method,
      redirect: "manual",
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
      ...(json && { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    const body: Body = text.startsWith("{") ? JSON.parse(text) : { text };
    return { status: answer.status, body, headers: answer.headers };
  };
}

const at = "/repositories/acme/website";

describe("the routes that apps ask for", () => {
  it.each([
    "/user",
    "/user/emails",
    "/user/workspaces",
    "/workspaces/acme",
    "/workspaces/acme/members",
    "/workspaces/acme/projects",
    "/workspaces/acme/projects/PROJ",
    "/workspaces/acme/hooks",
    "/repositories/acme",
    at,
    `${at}/refs`,
    `${at}/refs/branches`,
    `${at}/refs/branches/main`,
    `${at}/refs/tags`,
    `${at}/commits`,
    `${at}/commits/main`,
    `${at}/src/main/`,
    `${at}/src/main/README.md`,
    `${at}/src/main/assets/logo.png?format=meta`,
    `${at}/diff/main..feature-1`,
    `${at}/diffstat/main..feature-1`,
    `${at}/patch/main..feature-1`,
    `${at}/pullrequests`,
    `${at}/pullrequests/1`,
    `${at}/pullrequests/1/commits`,
    `${at}/pullrequests/1/comments`,
    `${at}/pullrequests/1/activity`,
    `${at}/pullrequests/1/statuses`,
    `${at}/issues`,
    `${at}/pipelines/`,
    `${at}/pipelines_config/variables/`,
    `${at}/environments/`,
    `${at}/hooks`,
    `${at}/default-reviewers`,
    `${at}/branch-restrictions`,
    `${at}/deploy-keys`,
  ])("GET %s answers 200", async (path) => {
    const call = client();
    expect((await call(`GET ${path}`)).status).toBe(200);
  });

  it("a pull request has its author, its links and its dates", async () => {
    const call = client();
    const { body } = await call(`GET ${at}/pullrequests/1`);
    expect(body).toMatchObject({
      author: { display_name: "Alice Example", uuid: expect.stringMatching(/^\{/) },
      links: {
        html: { href: "https://bitbucket.org/acme/website/pull-requests/1" },
        diff: { href: expect.stringContaining("%0D") },
      },
      created_on: expect.stringMatching(/\+00:00$/),
      updated_on: expect.stringMatching(/\+00:00$/),
    });
  });

  it("the link to a pull request's diff can be followed, and its diff redirects there", async () => {
    const call = client();
    const { body } = await call(`GET ${at}/pullrequests/1`);
    const { diff } = body["links"] as { diff: { href: string } };
    const path = diff.href.slice("https://api.bitbucket.org/2.0".length);
    expect(await call(`GET ${path}`)).toMatchObject({
      status: 200,
      body: { text: expect.stringMatching(/^diff/) },
    });
    const { status, headers } = await call(`GET ${at}/pullrequests/1/diff`);
    expect([status, headers.get("location")]).toEqual([302, diff.href]);
  });

  it("a commit has its author, its date and its parents", async () => {
    const call = client();
    const { body } = await call(`GET ${at}/commits/main`);
    const [newest] = body["values"] as readonly Body[];
    expect(newest).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{40}$/),
      author: { raw: "Alice Example <alice@example.com>" },
      parents: [{ hash: expect.stringMatching(/^[0-9a-f]{40}$/) }],
    });
    expect((await call(`GET ${at}/commit/${String(newest?.["hash"])}`)).body).toEqual(newest);
  });

  it("a list of commits begins at what it includes, and leaves out what it excludes", async () => {
    const call = client();
    const hashes = async (query: string): Promise<unknown[]> => {
      const { body } = await call(`GET ${at}/commits${query}`);
      return (body["values"] as readonly Body[]).map(({ hash }) => hash);
    };
    const [main, first] = await hashes("/main");
    await call(`POST ${at}/src`, { branch: "topic", "a.txt": "a" });
    const [topic, ...before] = await hashes("/topic");
    expect(before).toEqual([main, first]);
    expect(await hashes("/main")).toEqual([main, first]);
    expect(await hashes("/topic?exclude=main")).toEqual([topic]);
    expect(await hashes(`?include=topic&exclude=${String(first)}`)).toEqual([topic, main]);
    expect(await hashes("/main?include=topic")).toEqual([topic, main, first]);
    expect((await call(`GET ${at}/commits/main?exclude=gone`)).status).toBe(404);
  });

  it("says of a method that it does not have at a known address that it has not got it", async () => {
    const mock = createBitbucketMock();
    const { status, body } = await client(mock)("PUT /workspaces/acme/projects/PROJ", { name: "New" });
    expect({ status, body }).toMatchObject({
      status: 501,
      body: { error: { message: expect.stringContaining("the fake has no PUT") } },
    });
    expect(mock.violations).toMatchObject([{ message: expect.stringContaining("the fake has no PUT") }]);
  });

  it("answers HEAD without a body", async () => {
    const { status, body, headers } = await client()(`HEAD ${at}`);
    expect([status, body, headers.get("content-type")]).toEqual([
      200,
      { text: "" },
      expect.stringContaining("application/json"),
    ]);
  });
});

describe("writes", () => {
  it("makes a tag, reads it and removes it", async () => {
    const call = client();
    const made = await call(`POST ${at}/refs/tags`, { name: "v1/rc", target: { hash: "main" } });
    expect(made.status).toBe(201);
    expect((await call(`GET ${at}/refs/tags/v1/rc`)).body).toEqual(made.body);
    expect((await call(`DELETE ${at}/refs/tags/v1%2Frc`)).status).toBe(204);
    expect((await call(`GET ${at}/refs/tags/v1/rc`)).status).toBe(404);
    expect((await call(`DELETE ${at}/refs/tags/v1/rc`)).status).toBe(404);
  });

  it.each([
    ["issues", { title: "It breaks" }, "id", { title: "Mended" }],
    ["pullrequests/1/comments", { content: { raw: "Good" } }, "id", { resolved: true }],
    [
      "hooks",
      { url: "https://ci.example", description: "CI", events: ["repo:push"] },
      "uuid",
      { active: false },
    ],
    ["pipelines_config/variables", { key: "TOKEN", value: "v" }, "uuid", { value: "w" }],
    ["environments/", { name: "Staging" }, "uuid", { hidden: true }],
    ["branch-restrictions", { kind: "push", pattern: "main" }, "id", { pattern: "release/*" }],
    ["deploy-keys", { key: "ssh-ed25519 AAAA", label: "CI" }, "id", { label: "CD" }],
  ] as const)("%s can be made, read, changed, listed and removed", async (list, sent, key, change) => {
    const call = client();
    const made = await call(`POST ${at}/${list}`, sent);
    expect(made).toMatchObject({ status: 201, body: sent });
    const item = `${at}/${list.replace(/\/$/, "")}/${encodeURIComponent(String(made.body[key]))}`;
    expect((await call(`GET ${item}`)).body).toEqual(made.body);
    expect((await call(`PUT ${item}`, change)).body).toMatchObject(change);
    expect((await call(`GET ${at}/${list}`)).body).toMatchObject({ size: 1, values: [change] });
    expect((await call(`DELETE ${item}`)).status).toBe(204);
    expect((await call(`GET ${item}`)).status).toBe(404);
  });

  it("a webhook does not give its secret back, nor a secured variable its value", async () => {
    const call = client();
    const hook = { url: "https://ci.example", description: "CI", secret: "s3cret-s3cret" };
    expect(JSON.stringify((await call(`POST ${at}/hooks`, hook)).body)).not.toContain(hook.secret);
    const variable = { key: "TOKEN", value: "s3cret-s3cret", secured: true };
    const made = await call(`POST ${at}/pipelines_config/variables`, variable);
    expect(JSON.stringify(made.body)).not.toContain(variable.value);
  });

  it("a build status is replaced under its key and shown at the commit", async () => {
    const call = client();
    const { body } = await call(`GET ${at}/refs/branches/main`);
    const { hash } = body["target"] as { hash: string };
    const status = { key: "ci", state: "INPROGRESS", url: "https://ci.example" };
    await call(`POST ${at}/commit/${hash}/statuses/build`, status);
    await call(`POST ${at}/commit/${hash}/statuses/build`, { ...status, state: "SUCCESSFUL" });
    const { body: statuses } = await call(`GET ${at}/commit/${hash}/statuses`);
    expect(statuses).toMatchObject({ size: 1, values: [{ key: "ci", state: "SUCCESSFUL" }] });
  });

  it("a branch is made, used for a pull request, approved, merged and removed", async () => {
    const call = client();
    const { body: main } = await call(`GET ${at}/refs/branches/main`);
    const target = { hash: (main["target"] as { hash: string }).hash };
    expect((await call(`POST ${at}/refs/branches`, { name: "feature/x", target })).status).toBe(201);
    expect((await call(`POST ${at}/refs/branches`, { name: "feature/x", target })).status).toBe(400);
    const sent = { title: "Add x", source: { branch: { name: "feature/x" } } };
    const opened = await call(`POST ${at}/pullrequests`, sent);
    expect(opened).toMatchObject({ status: 201, body: { id: 3, state: "OPEN", title: "Add x" } });
    expect((await call(`POST ${at}/pullrequests/3/approve`)).body).toMatchObject({ approved: true });
    const { body: approved } = await call(`GET ${at}/pullrequests/3`);
    expect(approved).toMatchObject({ participants: [{ approved: true, state: "approved" }] });
    expect((await call(`DELETE ${at}/pullrequests/3/approve`)).status).toBe(204);
    const merged = await call(`POST ${at}/pullrequests/3/merge`);
    expect(merged.body).toMatchObject({ state: "MERGED", merge_commit: { type: "commit" } });
    expect((await call(`POST ${at}/pullrequests/3/merge`)).status).toBe(400);
    expect((await call(`DELETE ${at}/refs/branches/feature/x`)).status).toBe(204);
    expect((await call(`GET ${at}/refs/branches/feature/x`)).status).toBe(404);
  });

  it("a pull request is changed and declined", async () => {
    const call = client();
    expect((await call(`PUT ${at}/pullrequests/1`, { title: "New" })).body).toMatchObject({ title: "New" });
    expect((await call(`POST ${at}/pullrequests/1/decline`)).body).toMatchObject({ state: "DECLINED" });
    const { body } = await call(`GET ${at}/pullrequests?state=DECLINED`);
    expect(body).toMatchObject({ size: 1 });
  });

  it("files are written by a form, with their bytes, and make a commit", async () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant({ scope: ["repository:write"] }).tokens;
    const headers = { authorization: `Bearer ${accessToken}` };
    const form = new FormData();
    form.set("message", "Add bytes");
    form.set("data.bin", new Blob([Uint8Array.of(0, 255, 128)]), "data.bin");
    const url = `https://api.bitbucket.org/2.0${at}/src`;
    const answer = await mock.fetch(url, { method: "POST", headers, body: form });
    expect([answer.status, await answer.text()]).toEqual([201, ""]);
    const commit = await mock.fetch(answer.headers.get("location") ?? "", { headers });
    expect(await commit.json()).toMatchObject({ message: "Add bytes" });
    const file = await mock.fetch(`${url}/main/data.bin`, { headers });
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(Uint8Array.of(0, 255, 128));
  });

  it("a pipeline is started and stopped", async () => {
    const call = client();
    const target = { type: "pipeline_ref_target", ref_type: "branch", ref_name: "main" };
    const { body } = await call(`POST ${at}/pipelines/`, { target });
    expect(body).toMatchObject({ build_number: 1, state: { name: "PENDING" }, target });
    const path = `${at}/pipelines/${encodeURIComponent(String(body["uuid"]))}`;
    expect((await call(`POST ${path}/stopPipeline`)).status).toBe(204);
    expect((await call(`GET ${path}`)).body).toMatchObject({ state: { result: { name: "STOPPED" } } });
  });

  it("a repository and a project are made, changed and removed", async () => {
    const call = client();
    expect((await call("POST /workspaces/acme/projects", { key: "NEW", name: "New" })).status).toBe(201);
    expect((await call("POST /workspaces/acme/projects", { key: "NEW", name: "New" })).status).toBe(400);
    const repository = { is_private: false, project: { key: "NEW" } };
    const made = await call("POST /repositories/acme/fresh", repository);
    expect(made.body).toMatchObject({ full_name: "acme/fresh", is_private: false, project: { key: "NEW" } });
    const changed = await call("PUT /repositories/acme/fresh", { description: "d" });
    expect(changed.body).toMatchObject({ description: "d" });
    expect((await call("DELETE /repositories/acme/fresh")).status).toBe(204);
    expect((await call("GET /repositories/acme/fresh")).status).toBe(404);
  });

  it("a write needs the scope to write", async () => {
    const mock = createBitbucketMock();
    const { accessToken } = mock.issueGrant({ scope: ["repository"] }).tokens;
    const headers = { authorization: `Bearer ${accessToken}` };
    const url = `https://api.bitbucket.org/2.0${at}/src`;
    expect((await mock.fetch(url, { method: "POST", headers })).status).toBe(403);
  });

  it("reset() takes what was written back", async () => {
    const mock = createBitbucketMock();
    await client(mock)(`POST ${at}/issues`, { title: "It breaks" });
    mock.reset();
    expect((await client(mock)(`GET ${at}/issues`)).body).toMatchObject({ size: 0 });
  });
});

describe("route()", () => {
  it("adds an endpoint in one line", async () => {
    const mock = createBitbucketMock();
    mock.route("GET", "/2.0/snippets/:workspace", { values: [] });
    expect((await client(mock)("GET /snippets/acme")).body).toEqual({ values: [] });
    expect(mock.violations).toEqual([]);
  });

  it("hands a function the call, and answers with the status that it replies", async () => {
    const mock = createBitbucketMock();
    mock.route("POST", "/2.0/snippets/:workspace", ({ params, body, user, reply }) =>
      reply(
        201,
        { in: params["workspace"], title: body["title"], by: user?.username },
        { location: "/there" },
      ),
    );
    const { status, body, headers } = await client(mock)("POST /snippets/acme", { title: "t" });
    expect(status).toBe(201);
    expect(body).toEqual({ in: "acme", title: "t", by: "alice" });
    expect(headers.get("location")).toBe("/there");
  });

  it("replaces an endpoint of the fake, and holds its callers to a scope", async () => {
    const mock = createBitbucketMock();
    mock.route("GET", "/2.0/user", { replaced: true }, { scope: "wiki" });
    expect((await client(mock)("GET /user")).status).toBe(403);
    mock.route("GET", "/2.0/user", { replaced: true });
    expect((await client(mock)("GET /user")).body).toEqual({ replaced: true });
  });
});
