import { existsSync, readFileSync } from "node:fs";
import { isBitbucketAuthError } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { bundlePath, loadBundle } from "./bundle-under-test.ts";
import { createFakePage } from "./fake-page.ts";

describe.each(["bitbucket-auth.js", "bitbucket-auth.min.js"] as const)("dist/%s", (name) => {
  it("loads where there is no window, no document and no eval, and makes one global", () => {
    expect(Object.keys(loadBundle(name)).toSorted()).toEqual([
      "BitBucketClient",
      "LocalStorage",
      "SessionStorage",
      "createBitbucketClient",
      "createPageStorage",
      "getAccessToken",
      "isBitbucketAuthError",
    ]);
  });

  it("gets a real token by client credentials", async () => {
    const mock = createBitbucketMock();
    const { clientId, clientSecret, endpoints } = mock.issueGrant({}).clientOptions;
    const { getAccessToken } = loadBundle(name);
    const token = await getAccessToken({
      appName: "my-app",
      consumerKey: clientId,
      consumerSecret: clientSecret,
      endpoints,
      fetch: mock.fetch,
    });
    const answer = await mock.fetch(`${mock.urls.api}/2.0/user`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
    expect(mock.violations).toEqual([]);
  });

  it("finds fetch in the page when none is passed", async () => {
    const mock = createBitbucketMock();
    const { clientId, clientSecret, endpoints } = mock.issueGrant({}).clientOptions;
    const { getAccessToken } = loadBundle(name, { fetch: mock.fetch });
    const config = { consumerKey: clientId, consumerSecret: clientSecret, endpoints };
    expect(await getAccessToken(config)).toMatch(/^\S{100,}$/);
  });

  it("refreshes a rotating grant, keeps what it got, and serves that from then on", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const grant = mock.issueGrant({});
    const { clientId, clientSecret, endpoints } = grant.clientOptions;
    let kept: unknown = { refreshToken: grant.tokens.refreshToken };
    const config = {
      consumerKey: clientId,
      consumerSecret: clientSecret,
      endpoints,
      fetch: mock.fetch,
      clock: mock.clock,
      loadConfig: () => kept,
      saveConfig: (next: unknown) => void (kept = structuredClone(next)),
    };
    const { getAccessToken } = loadBundle(name);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => getAccessToken(config)));
    tokens.push(await getAccessToken(config));
    expect(new Set(tokens).size).toBe(1);
    await mock.clock.advance("3h");
    tokens.push(await getAccessToken(config));
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
    expect(mock.reuseCount).toBe(0);
  });

  it("makes errors that core knows", async () => {
    const bundle = loadBundle(name);
    const error: unknown = await bundle.getAccessToken({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_options", family: "bitbucket-auth" });
    expect(bundle.isBitbucketAuthError(error)).toBe(true);
    expect(isBitbucketAuthError(error)).toBe(true);
  });

  it("makes a client that signs in through a backend", () => {
    const page = createFakePage();
    const { createBitbucketClient } = loadBundle(name);
    createBitbucketClient({ backend: "/auth/bitbucket", location: page.location }).authorize();
    expect(page.visited).toEqual(["/auth/bitbucket?returnTo=%2Frepos%3Fsort%3Dname%23top"]);
  });

  it("has a source map with every source in it", () => {
    const code = readFileSync(bundlePath(name), "utf8");
    expect(code).toContain(`//# sourceMappingURL=${name}.map`);
    const { sources, sourcesContent } = sourceMapOf(name);
    expect(sources.some((source) => source.startsWith("../../core/dist/"))).toBe(true);
    expect(sourcesContent.filter((text) => text === "")).toEqual([]);
    expect(sourcesContent).toHaveLength(sources.length);
  });
});

function sourceMapOf(name: Parameters<typeof bundlePath>[0]): {
  sources: string[];
  sourcesContent: string[];
} {
  return JSON.parse(readFileSync(`${bundlePath(name)}.map`, "utf8")) as ReturnType<typeof sourceMapOf>;
}

describe("the package", () => {
  it("points content delivery networks to the minified bundle", () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Record<
      string,
      string
    >;
    for (const field of ["unpkg", "jsdelivr"]) {
      expect(existsSync(new URL(`../${manifest[field] ?? "nowhere"}`, import.meta.url))).toBe(true);
    }
  });
});
