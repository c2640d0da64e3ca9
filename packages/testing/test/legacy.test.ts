import { getAccessToken } from "@bitbucket-auth/core";
import { afterEach, describe, expect, it } from "vitest";
import { accessToken, basicAuth, mock, opts, setEnvVars, type InstalledMock } from "../src/legacy.ts";

let installed: InstalledMock | undefined;

afterEach(() => installed?.restore());

function send(): Promise<Response> {
  const { consumerKey, consumerSecret, payload } = opts.valid;
  return fetch("https://bitbucket.org/site/oauth2/access_token", {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${consumerKey}:${consumerSecret}`)}` },
    body: new URLSearchParams(payload),
  });
}

describe("mock()", () => {
  it("answers token requests of the global fetch with the access token", async () => {
    installed = mock();
    expect(await (await send()).json()).toMatchObject({ access_token: accessToken });
    expect(installed.mock.requests.token("refresh_token")).toMatchObject([{ status: 200 }]);
  });

  it("makes that access token good for the API", async () => {
    installed = mock();
    const answer = await fetch("https://api.bitbucket.org/2.0/user", {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(answer.status).toBe(200);
  });

  it("sends requests to other hosts where they went before", async () => {
    installed = mock();
    expect(await (await fetch("data:text/plain,hello")).text()).toBe("hello");
  });

  it("gives the global fetch back", () => {
    const before = globalThis.fetch;
    installed = mock();
    expect(globalThis.fetch).not.toBe(before);
    installed.restore();
    expect(globalThis.fetch).toBe(before);
  });
});

describe("more than one mock()", () => {
  it("leaves none behind, in whatever order they are restored", async () => {
    const asked: string[] = [];
    const real = globalThis.fetch;
    globalThis.fetch = async (input) => {
      asked.push(new Request(input).url);
      return new Response();
    };
    const [one, other] = [mock(), mock()];
    one.restore();
    other.restore();
    await send();
    globalThis.fetch = real;
    expect(asked).toEqual(["https://bitbucket.org/site/oauth2/access_token"]);
  });
});

describe("setEnvVars() and basicAuth()", () => {
  it("are enough for getAccessToken(), as in the tests of 2017", async () => {
    installed = mock();
    const undo = setEnvVars();
    expect(await getAccessToken({ appName: "my-app", credentialsProvider: basicAuth })).toBe(accessToken);
    undo();
    expect(installed.mock.requests.token("password")).toHaveLength(1);
  });

  it("put the credentials where they are looked for, and take them away", async () => {
    const { bitbucketKey } = process.env;
    const undo = setEnvVars();
    expect(process.env["bitbucketSecret"]).toBe(opts.valid.consumerSecret);
    expect(await basicAuth()).toEqual({
      username: opts.valid.consumerKey,
      password: opts.valid.consumerSecret,
    });
    undo();
    expect(process.env["bitbucketKey"]).toBe(bitbucketKey);
  });

  it("prefer the credentials of the config", async () => {
    const credentials = { username: "alice", password: "from the config" };
    expect(await basicAuth({ credentials })).toBe(credentials);
  });
});
