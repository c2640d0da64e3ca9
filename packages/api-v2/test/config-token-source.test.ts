import {
  createBitbucketAuth,
  createMemoryStorage,
  getAccessToken,
  type TokenConfig,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock, type BitbucketMockOptions } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { configTokenSource } from "../src/config-token-source.ts";
import { rejection } from "./signed-in-api.ts";

function setUp(options: BitbucketMockOptions = {}): { mock: BitbucketMock; config: TokenConfig } {
  const mock = createBitbucketMock({
    profile: "strict",
    clock: { now: () => Date.UTC(2026, 10, 2) },
    ...options,
  });
  const { clientId, clientSecret, endpoints } = mock.issueGrant().clientOptions;
  return {
    mock,
    config: {
      appName: "my-app",
      storage: createMemoryStorage({ clock: mock.clock }),
      consumerKey: clientId,
      consumerSecret: clientSecret,
      endpoints,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
    },
  };
}

const fifty = <T>(ask: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 50 }, ask));

describe("configTokenSource()", () => {
  it("brings a grant by client credentials where there is none, once for everybody", async () => {
    const { mock, config } = setUp();
    const source = configTokenSource(config);
    expect(new Set(await fifty(() => source({}))).size).toBe(1);
    expect(mock.requests.token("client_credentials")).toHaveLength(1);
  });

  it("brings another when it has run out, once for everybody", async () => {
    const { mock, config } = setUp();
    const source = configTokenSource(config);
    const old = await source({});
    await mock.clock.advance("121m");
    const fresh = new Set(await fifty(() => source({})));
    expect(fresh.size).toBe(1);
    expect(fresh.has(old)).toBe(false);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("brings another when the API refuses one that should be good, also for who comes late", async () => {
    const { mock, config } = setUp();
    const source = configTokenSource(config);
    const rejected = await source({});
    const [fresh] = await fifty(() => source({ rejected }));
    expect(await source({ rejected })).toBe(fresh);
    expect(fresh).not.toBe(rejected);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("brings one for those too who read the storage before it was there, and hear of it after", async () => {
    const { mock, config } = setUp();
    const memory = createMemoryStorage({ clock: mock.clock });
    let reads = 0;
    const slow: TokenStorage = {
      ...memory,
      async get(key, options) {
        const entry = await memory.get(key, options);
        for (let turn = (reads += 1); turn > 0; turn -= 1)
          await new Promise((resolve) => setImmediate(resolve));
        return entry;
      },
    };
    const source = configTokenSource({ ...config, storage: slow });
    const rejected = await source({});
    await fifty(() => source({ rejected }));
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("shares its grant with getAccessToken(config)", async () => {
    const { mock, config } = setUp();
    const token = await getAccessToken(config);
    expect(await configTokenSource(config)({})).toBe(token);
    expect(mock.requests.token()).toHaveLength(1);
  });

  it("keeps a refreshable grant by refreshing", async () => {
    const { mock, config } = setUp();
    const { clientOptions, tokens } = mock.issueGrant();
    const storage = createMemoryStorage({ clock: mock.clock });
    const { fetch } = mock;
    await createBitbucketAuth({ ...clientOptions, storage, fetch, clock: mock.clock }).saveTokens(
      "my-app",
      tokens,
    );
    const source = configTokenSource({ ...config, storage });
    await mock.clock.advance("121m");
    await fifty(() => source({}));
    const rejected = await source({});
    await mock.clock.advance("2m");
    await fifty(() => source({ rejected }));
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("does not become somebody else when a person's grant has died", async () => {
    const { mock, config } = setUp();
    const grant = mock.issueGrant();
    const source = configTokenSource({
      ...config,
      storage: {
        loadConfig: () => ({ refreshToken: grant.tokens.refreshToken }),
        saveConfig: () => undefined,
      },
    });
    mock.grant(grant).revoke();
    expect(await rejection(source({}))).toMatchObject({ action: "reauthorize" });
    expect(mock.requests.token("client_credentials")).toHaveLength(0);
  });

  it("asks the credentialsProvider where there is no grant", async () => {
    const { mock, config } = setUp({ profile: "cloud-legacy" });
    const [{ username, password } = { username: "", password: "" }] = mock.users;
    await configTokenSource({ ...config, credentialsProvider: () => ({ username, password }) })({});
    expect(mock.requests.token("password")).toHaveLength(1);
  });

  it("forces new credentials once when told to", async () => {
    const { mock, config } = setUp();
    const kept = await getAccessToken(config);
    const source = configTokenSource({ ...config, forceCredentials: true });
    const [first] = await fifty(() => source({}));
    expect(first).not.toBe(kept);
    expect(await source({})).toBe(first);
    expect(mock.requests.token()).toHaveLength(2);
  });

  it("frees a caller that aborts, and lets the others have their token", async () => {
    const { mock, config } = setUp();
    const gate = mock.gates.hold("token", "before-commit");
    const source = configTokenSource(config);
    const stop = new AbortController();
    const aborted = rejection(source({ signal: stop.signal }));
    const other = source({});
    await gate.arrived(1);
    stop.abort("enough");
    expect(await aborted).toBe("enough");
    gate.release();
    expect(await other).not.toBe("");
    expect(mock.requests.token()).toHaveLength(1);
  });
});
