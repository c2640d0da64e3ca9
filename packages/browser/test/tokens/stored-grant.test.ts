import { createMemoryStorage, getAccessToken as getAccessTokenOfCore } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { getAccessToken } from "../../src/tokens/get-access-token.ts";
import { tokens } from "../fake-token-endpoint.ts";
import { createPageConfigUnderTest, fresh, grantsOf, rejectionOf } from "./page-config-under-test.ts";

describe("getAccessToken(config) and what was saved elsewhere", () => {
  it("reads what core saved in clear, and core reads what it saved", async () => {
    const stage = createPageConfigUnderTest(undefined, [tokens(1), tokens(2), tokens(3)]);
    expect(await getAccessTokenOfCore(stage.config)).toBe("access-1");
    expect(await getAccessToken(stage.config)).toBe("access-1");
    stage.clock.advance(7_200_000);
    expect(await getAccessToken(stage.config)).toBe("access-2");
    expect(await getAccessTokenOfCore(stage.anotherTab())).toBe("access-2");
    stage.clock.advance(7_200_000);
    expect(await getAccessTokenOfCore(stage.anotherTab())).toBe("access-3");
    expect(grantsOf(stage.requests)).toEqual(["client_credentials", "refresh_token", "refresh_token"]);
  });

  it.each([
    ["no object", "text"],
    ["an array", []],
    ["another account's", { ...fresh, key: "bitbucket.org/other/user/default" }],
    ["an encrypted one", { sealed: "bb1.x", version: "v", key: "bitbucket.org/consumer-key/user/default" }],
    ["a token that is a number", { accessToken: 5 }],
    ["an expiry that is text", { ...fresh, expiresAt: "soon" }],
  ])("refuses %s, and saves nothing over it", async (_what, stored) => {
    const { config, requests, kept } = createPageConfigUnderTest(stored as object);
    expect(await rejectionOf(getAccessToken(config))).toMatchObject({
      code: "storage_failed",
      action: "fix_config",
    });
    expect(requests).toEqual([]);
    expect(kept()).toEqual(stored);
  });

  it("asks anew after core has signed out", async () => {
    const { config } = createPageConfigUnderTest({ signedOut: true, version: "v" });
    expect(await getAccessToken(config)).toBe("access-2");
  });

  it("refuses what only core can do, before anything is sent", async () => {
    const { config, requests } = createPageConfigUnderTest(undefined);
    const others: object[] = [
      { encryption: { current: "k1", keys: {} } },
      { sendRequest: () => ({}) },
      { storage: createMemoryStorage() },
      { consumerSecret: "" },
    ];
    for (const other of others) {
      expect(await rejectionOf(getAccessToken({ ...config, ...other }))).toMatchObject({
        code: "invalid_options",
      });
    }
    expect(requests).toEqual([]);
  });
});
