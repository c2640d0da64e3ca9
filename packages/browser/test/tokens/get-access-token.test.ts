import { describe, expect, it, vi } from "vitest";
import { getAccessToken } from "../../src/tokens/get-access-token.ts";
import type { PageTokenConfig } from "../../src/tokens/page-token-config.ts";
import { refusal, tokens } from "../fake-token-endpoint.ts";
import {
  createPageConfigUnderTest,
  expired,
  fresh,
  grantsOf,
  now,
  rejectionOf,
} from "./page-config-under-test.ts";

const credentialsProvider: NonNullable<PageTokenConfig["credentialsProvider"]> = () => ({
  username: "ann",
  password: "correct horse",
});

describe("getAccessToken(config) in a page", () => {
  it("takes a valid stored token before anything else, and sends nothing", async () => {
    const { config, requests } = createPageConfigUnderTest(fresh, [tokens(2)], { credentialsProvider });
    expect(await getAccessToken(config)).toBe("access-1");
    expect(requests).toEqual([]);
  });

  it("takes a refresh token before the credentials, and saves what it brought", async () => {
    const { config, requests, kept } = createPageConfigUnderTest(expired, [tokens(2)], {
      credentialsProvider,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
    expect(requests[0]?.form.get("refresh_token")).toBe("refresh-1");
    expect(kept()).toMatchObject({
      accessToken: "access-2",
      refreshToken: "refresh-2",
      expiresAt: now + 7_200_000,
    });
  });

  it("takes a refresh token that somebody wrote by hand", async () => {
    const { config, requests } = createPageConfigUnderTest({ refreshToken: "refresh-1" });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("takes the credentialsProvider before the client credentials, and saves no password", async () => {
    const { config, requests, kept } = createPageConfigUnderTest(undefined, [tokens(2)], {
      credentialsProvider,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(Object.fromEntries(requests[0]?.form ?? [])).toEqual({
      grant_type: "password",
      username: "ann",
      password: "correct horse",
    });
    expect(JSON.stringify(kept())).not.toContain("correct horse");
  });

  it("takes client credentials where there is nothing else, and keeps what they brought", async () => {
    const { config, requests, kept } = createPageConfigUnderTest(undefined, [
      tokens(2, { refresh_token: undefined }),
    ]);
    expect(await getAccessToken(config)).toBe("access-2");
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
    expect(requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("consumer-key:consumer-secret")}`);
    expect(kept()).not.toHaveProperty("refreshToken");
  });

  it("goes without functions to keep things, and then keeps nothing", async () => {
    const { config, requests } = createPageConfigUnderTest(undefined);
    const { loadConfig: _load, saveConfig: _save, ...rest } = config;
    expect([await getAccessToken(rest), await getAccessToken(rest)]).toEqual(["access-2", "access-2"]);
    expect(requests).toHaveLength(2);
  });

  it("takes both functions as one storage object", async () => {
    const { config, kept } = createPageConfigUnderTest(expired);
    const { loadConfig = () => undefined, saveConfig = () => undefined, ...rest } = config;
    expect(await getAccessToken({ ...rest, storage: { loadConfig, saveConfig } })).toBe("access-2");
    expect(kept()).toMatchObject({ refreshToken: "refresh-2" });
  });

  it("tells the functions which grant is meant", async () => {
    const seen: unknown[] = [];
    const { config } = createPageConfigUnderTest(undefined, [tokens(2)], {
      appName: "my app",
      loadConfig: (request) => void seen.push(request),
      saveConfig: (_config, request) => void seen.push(request),
    });
    await getAccessToken(config);
    expect(new Set(seen.map((request) => JSON.stringify(request)))).toEqual(
      new Set([`{"key":"bitbucket.org/consumer-key/user/my%20app"}`]),
    );
  });

  it("asks for new tokens whatever is stored when forceCredentials is set, and keeps the caller's own fields", async () => {
    const { config, requests, kept } = createPageConfigUnderTest({ ...fresh, theme: "dark" }, [tokens(2)], {
      forceCredentials: true,
    });
    expect(await getAccessToken(config)).toBe("access-2");
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
    expect(kept()).toMatchObject({ accessToken: "access-2", theme: "dark" });
  });

  it("lets useRefreshToken see the token and say no", async () => {
    const seen: unknown[] = [];
    const { config, requests } = createPageConfigUnderTest(expired, [tokens(2)], {
      useRefreshToken: ({ refreshToken }) => {
        seen.push(refreshToken);
        return Promise.resolve(false);
      },
    });
    await getAccessToken(config);
    expect(seen).toEqual(["refresh-1"]);
    expect(grantsOf(requests)).toEqual(["client_credentials"]);
  });

  it("does not hand out a token with less than half a minute left", async () => {
    const { config, clock } = createPageConfigUnderTest({ ...fresh, obtainedAt: now });
    clock.advance(7_200_000 - 30_001);
    expect(await getAccessToken(config)).toBe("access-1");
    clock.advance(1);
    expect(await getAccessToken(config)).toBe("access-2");
  });

  it("falls back on the credentialsProvider for a dead refresh token, and on nothing else", async () => {
    const answers = [refusal("invalid_grant"), tokens(2)];
    const ann = createPageConfigUnderTest(expired, answers, { credentialsProvider });
    expect(await getAccessToken(ann.config)).toBe("access-2");
    expect(grantsOf(ann.requests)).toEqual(["refresh_token", "password"]);
    const bob = createPageConfigUnderTest(expired, answers);
    expect(await rejectionOf(getAccessToken(bob.config))).toMatchObject({
      code: "refresh_rejected",
      action: "reauthorize",
    });
    expect(grantsOf(bob.requests)).toEqual(["refresh_token"]);
  });
});

describe("getAccessToken(config) by several callers at once", () => {
  it.each([
    ["refresh", expired],
    ["request for new tokens", undefined],
  ])("shares one %s", async (_what, stored) => {
    const { config, requests } = createPageConfigUnderTest(stored);
    const got = await Promise.all(Array.from({ length: 50 }, () => getAccessToken({ ...config })));
    expect(new Set(got)).toEqual(new Set(["access-2"]));
    expect(requests).toHaveLength(1);
  });

  it("never mixes two apps, two consumers or two secrets", async () => {
    const { config, requests } = createPageConfigUnderTest(
      undefined,
      [tokens(1), tokens(2), tokens(3), tokens(4)],
      {
        loadConfig: () => undefined,
      },
    );
    const got = await Promise.all([
      getAccessToken(config),
      getAccessToken({ ...config, appName: "other" }),
      getAccessToken({ ...config, consumerKey: "other" }),
      getAccessToken({ ...config, consumerSecret: "other" }),
    ]);
    expect(new Set(got).size).toBe(4);
    expect(requests).toHaveLength(4);
  });
});

describe("getAccessToken(config) on the wire", () => {
  it("sends a secret to https or to a loopback host, and nowhere else", async () => {
    const { config, requests } = createPageConfigUnderTest(undefined);
    const at = (tokenUrl: string): PageTokenConfig => ({ ...config, endpoints: { tokenUrl } });
    expect(await rejectionOf(getAccessToken(at("http://bitbucket.test/token")))).toMatchObject({
      code: "invalid_options",
    });
    expect(requests).toEqual([]);
    expect(await getAccessToken(at("http://127.0.0.1:4000/token"))).toBe("access-2");
  });

  it("gives up on a silent endpoint after timeoutMs", async () => {
    vi.useFakeTimers();
    const { config } = createPageConfigUnderTest(undefined, [], {
      fetch: () => new Promise<Response>(() => {}),
      timeoutMs: 5_000,
    });
    const rejection = rejectionOf(getAccessToken(config));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await rejection).toMatchObject({ code: "token_request_failed", transient: true });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("shows no secret in a log or an error, whatever happens", async () => {
    const lines: unknown[] = [];
    const logger = {
      info: (...line: unknown[]) => void lines.push(line),
      error: (...line: unknown[]) => void lines.push(line),
    };
    const answers = [
      tokens(2),
      refusal("invalid_grant"),
      refusal("unauthorized_client"),
      new Error("refresh-1"),
    ];
    for (const answer of answers) {
      for (const stored of [expired, undefined]) {
        for (const extra of [
          {},
          { credentialsProvider },
          { saveConfig: () => Promise.reject(new Error("access-2")) },
        ]) {
          const { config } = createPageConfigUnderTest(stored, [answer], { ...extra, logger, logging: true });
          await getAccessToken(config).catch((error: unknown) =>
            lines.push([JSON.stringify(error), String(error)]),
          );
        }
      }
    }
    const printed = JSON.stringify(lines);
    expect(printed).toContain("bitbucket-auth: refreshed");
    for (const secret of [
      "access-1",
      "refresh-1",
      "access-2",
      "refresh-2",
      "consumer-secret",
      "correct horse",
    ]) {
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(btoa(secret).replace(/=+$/, ""));
    }
  });
});
