import { describe, expect, it } from "vitest";
import { getAccessToken } from "../../src/config-functions/get-tokens.ts";
import type { TokenConfig } from "../../src/config-functions/token-config.ts";
import type { StoredConfig } from "../../src/storage/config-storage.ts";
import { createConfigUnderTest, expired, grantsOf, tokens } from "./config-under-test.ts";

/** The config as an arrow function in each call has it: every call brings two functions of its own. */
function writtenInline({ loadConfig, saveConfig, ...rest }: TokenConfig): () => TokenConfig {
  return () => ({
    ...rest,
    loadConfig: (request) => loadConfig?.(request),
    saveConfig: (config: StoredConfig, request) => saveConfig?.(config, request),
  });
}

describe("getAccessToken(config) with functions written anew for each call", () => {
  it("redeems one refresh token once, however many calls come at the same time", async () => {
    const { config, requests } = createConfigUnderTest(expired, [tokens(2), tokens(3)]);
    const inline = writtenInline(config);
    const answers = await Promise.all(Array.from({ length: 20 }, () => getAccessToken(inline())));
    expect(new Set(answers)).toEqual(new Set(["access-2"]));
    expect(grantsOf(requests)).toEqual(["refresh_token"]);
  });

  it("keeps nobody waiting for another grant of the same consumer", async () => {
    let ofAnn: (() => void) | undefined;
    const ann = createConfigUnderTest(expired, [
      () => new Promise((resolve) => (ofAnn = () => resolve(tokens(2)))),
    ]);
    const ben = createConfigUnderTest({ ...expired, refreshToken: "refresh-of-ben" }, [tokens(3)]);
    const waiting = getAccessToken(writtenInline(ann.config)());
    expect(await getAccessToken(writtenInline(ben.config)())).toBe("access-3");
    ofAnn?.();
    expect(await waiting).toBe("access-2");
  });
});
