import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create as createAxios } from "axios";
import { createFetch } from "ofetch";
import createClient from "openapi-fetch";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { createAuthenticatedClient as createBitbucketClient } from "../src/bitbucket.ts";
import { createClientFetch } from "../src/index.ts";
import { createAuthenticatedClient as createOpenApiClient } from "../src/openapi.ts";
import { rejectionOf, signedInApi } from "./signed-in-api.ts";

const { mock, grant, auth } = await signedInApi();
const options = { auth, account: "alice" };
afterAll(() => auth.close());

/** Each asks who it is, as its own users would write it. */
const clients: Readonly<Record<string, () => Promise<unknown>>> = {
  axios: async () => {
    const client = createAxios({
      baseURL: "https://api.bitbucket.org/2.0",
      adapter: "fetch",
      env: { fetch: createClientFetch(options) },
    });
    return (await client.get("/user")).data;
  },
  ofetch: async () =>
    createFetch({ fetch: createClientFetch(options) })("https://api.bitbucket.org/2.0/user"),
  "openapi-fetch": async () => {
    interface Paths {
      "/user": { get: { responses: { 200: { content: { "application/json": { username: string } } } } } };
    }
    const client = createClient<Paths>({
      baseUrl: "https://api.bitbucket.org/2.0",
      fetch: createClientFetch(options),
    });
    return (await client.GET("/user")).data;
  },
  "@coderabbitai/bitbucket": async () => {
    const client = await createOpenApiClient(options);
    return (await client.GET("/user", {})).data;
  },
  bitbucket: async () => {
    const client = await createBitbucketClient(options);
    return (await client["users"]?.["getAuthedUser"]?.({}))?.data;
  },
};

describe.each(Object.entries(clients))("%s", (_name, whoAmI) => {
  it("calls with the token of the moment", async () => {
    expect(await whoAmI()).toMatchObject({ username: "alice" });
  });

  it("goes on when the token has expired, with one refresh", async () => {
    const before = mock.requests.token("refresh_token").length;
    await mock.clock.advance("121m");
    await Promise.all(Array.from({ length: 20 }, whoAmI));
    expect(mock.requests.token("refresh_token")).toHaveLength(before + 1);
  });

  it("goes on when Bitbucket refuses the token", async () => {
    await mock.clock.advance("2m"); // a token is not refreshed twice in a minute
    mock.grant(grant).expireAccessToken();
    expect(await whoAmI()).toMatchObject({ username: "alice" });
  });
});

describe("createClientFetch()", () => {
  it("sends the body of a Request again after a 401", async () => {
    await mock.clock.advance("2m");
    mock.grant(grant).expireAccessToken();
    const bodies: string[] = [];
    const posts = mock.faults.when(
      (request) =>
        request.method === "POST" && request.path === "/2.0/snippets" && bodies.push(request.path) === 2,
      { answer: { status: 201, body: "{}" } },
    );
    const request = new Request("https://api.bitbucket.org/2.0/snippets", {
      method: "POST",
      body: '{"title":"ä"}',
    });
    expect((await createClientFetch(options)(request)).status).toBe(201);
    expect(posts.hits()).toBe(1);
  });

  it("sends nothing to another host", async () => {
    const before = mock.requests.all.length;
    const error = await rejectionOf(createClientFetch(options)("https://api.bitbucket.org.example/2.0/user"));
    expect(error).toMatchObject({ code: "foreign_origin" });
    expect(mock.requests.all).toHaveLength(before);
  });
});

describe("createAuthenticatedClient() of /bitbucket", () => {
  it("rejects with core's error where there is no answer, and with its own where there is one", async () => {
    const client = await createBitbucketClient(options);
    mock.faults.next("api", { network: "reset" });
    expect(await rejectionOf(client.request("GET /user"))).toMatchObject({
      code: "api_request_failed",
      transient: true,
    });
    expect(await rejectionOf(client.request("GET /repositories/acme/nope"))).toMatchObject({
      name: "HTTPError",
      status: 404,
    });
  });
});

describe("createAuthenticatedClient() of /openapi", () => {
  it("answers what Bitbucket refuses, and rejects where there is no token", async () => {
    const client = await createOpenApiClient(options);
    const params = { path: { workspace: "acme", repo_slug: "nope" } };
    const { response, error } = await client.GET("/repositories/{workspace}/{repo_slug}", { params });
    expect([response.status, error !== undefined]).toEqual([404, true]);

    const bob = await createOpenApiClient({ auth, account: "bob" });
    expect(await rejectionOf(bob.GET("/user"))).toMatchObject({ code: "signed_out" });
  });
});

const run = promisify(execFile);
const here = fileURLToPath(new URL("../", import.meta.url));

/** The example as a file of this package, so that its types are left out and its imports resolve. */
async function writeProgram(code: string): Promise<string> {
  const directory = await mkdtemp(`${here}test/.readme-`);
  onTestFinished(() => rm(directory, { recursive: true }));
  const program = join(directory, "example.ts");
  await writeFile(program, code);
  return program;
}

describe("the guide to other clients", () => {
  it("calls with axios, ofetch and openapi-fetch as it shows", async () => {
    const text = await readFile(`${here}../../docs/guides/use-another-client.md`, "utf8");
    const blocks = Array.from(text.matchAll(/^```ts run\n(.*?)^```$/gms), ([, code = ""]) => code);
    const example = blocks.find((code) => code.includes('"axios"')) ?? "";
    const program = await writeProgram(example);
    const { stdout } = await run(process.execPath, [program], { cwd: here });
    expect(stdout).toBe("alice\nalice\nalice\n");
  });
});
