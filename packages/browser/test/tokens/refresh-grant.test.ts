import { describe, expect, it } from "vitest";
import { getAccessToken } from "../../src/tokens/get-access-token.ts";
import type { PageTokenConfig } from "../../src/tokens/page-token-config.ts";
import { refusal, tokens } from "../fake-token-endpoint.ts";
import { createPageConfigUnderTest, expired, now, rejectionOf } from "./page-config-under-test.ts";

describe("getAccessToken(config) and a grant that was refused", () => {
  it("lets a doubtful refresh token rest, longer each time, also over a reload", async () => {
    const { anotherTab, requests, clock } = createPageConfigUnderTest(expired, [
      refusal("unauthorized_client"),
    ]);
    for (const restMs of [30_000, 60_000, 120_000]) {
      const sent = requests.length;
      const first = await rejectionOf(getAccessToken(anotherTab()));
      expect(first).toMatchObject({ code: "refresh_rejected", certainty: "probable" });
      clock.advance(restMs - 1);
      expect(await rejectionOf(getAccessToken(anotherTab()))).toMatchObject({
        code: "refresh_rejected",
        retryAt: expect.any(Number) as unknown,
      });
      expect(requests).toHaveLength(sent + 1);
      clock.advance(restMs / 4 + 1);
    }
  });

  it("never sends a dead refresh token again, until there is another", async () => {
    const { config, anotherTab, requests, clock, kept, place } = createPageConfigUnderTest(expired, [
      refusal("invalid_grant"),
      tokens(2),
    ]);
    for (const tab of [config, config, anotherTab()]) {
      clock.advance(86_400_000);
      expect(await rejectionOf(getAccessToken(tab))).toMatchObject({
        code: "refresh_rejected",
        certainty: "certain",
      });
    }
    expect(requests).toHaveLength(1);
    place.text = JSON.stringify({ ...kept(), refreshToken: "refresh-of-a-new-sign-in" });
    expect(await getAccessToken(config)).toBe("access-2");
  });

  it("rests after a server that is down, at least as long as it asked for, and keeps the grant", async () => {
    const busy = new Response("busy", { status: 503, headers: { "retry-after": "600" } });
    const { config, requests, clock, kept } = createPageConfigUnderTest(expired, [busy, tokens(2)]);
    expect(await rejectionOf(getAccessToken(config))).toMatchObject({ code: "token_request_failed" });
    clock.advance(599_000);
    expect(await rejectionOf(getAccessToken(config))).toMatchObject({
      code: "token_request_failed",
      retryAt: now + 600_000,
    });
    expect(requests).toHaveLength(1);
    expect(kept()).toMatchObject({ refreshToken: "refresh-1" });
    clock.advance(1_000);
    expect(await getAccessToken(config)).toBe("access-2");
    expect(kept()).not.toHaveProperty("failure");
  });

  it("rests also where saveConfig keeps nothing", async () => {
    const { config, requests } = createPageConfigUnderTest(expired, [refusal("unauthorized_client")], {
      saveConfig: () => undefined,
    });
    for (let i = 0; i < 20; i++) await rejectionOf(getAccessToken(config));
    expect(requests).toHaveLength(1);
  });

  it("takes the grant of a tab that was quicker, in place of its own refusal", async () => {
    const stage = createPageConfigUnderTest(expired, [refusal("invalid_grant")]);
    const { fetch = globalThis.fetch } = stage.config;
    const config: PageTokenConfig = {
      ...stage.config,
      async fetch(input, init) {
        stage.place.text = JSON.stringify({
          accessToken: "access-of-the-other-tab",
          refreshToken: "refresh-2",
          expiresAt: now + 7_200_000,
        });
        return fetch(input, init);
      },
    };
    expect(await getAccessToken(config)).toBe("access-of-the-other-tab");
    expect(stage.kept()).not.toHaveProperty("failure");
  });
});

describe("getAccessToken(config) and a place that cannot be written", () => {
  it("hands out a refreshed token all the same, tells it, and offers it again", async () => {
    let isFull = true;
    const unpersisted: unknown[] = [];
    const stage = createPageConfigUnderTest(expired, [tokens(2), tokens(3)]);
    const save = stage.config.saveConfig;
    const config: PageTokenConfig = {
      ...stage.config,
      saveConfig(next, request) {
        if (isFull) throw new Error("full");
        return save?.(next, request);
      },
      onUnpersisted: (account, { refreshToken }) => void unpersisted.push([account, refreshToken]),
    };
    expect(await getAccessToken(config)).toBe("access-2");
    expect(unpersisted).toEqual([["default", "refresh-2"]]);
    expect(await getAccessToken(config)).toBe("access-2");
    stage.clock.advance(7_200_000);
    expect(await getAccessToken(config)).toBe("access-3");
    expect(stage.requests.map(({ form }) => form.get("refresh_token"))).toEqual(["refresh-1", "refresh-2"]);
    isFull = false;
    expect(await getAccessToken(config)).toBe("access-3");
    expect(stage.kept()).toMatchObject({ refreshToken: "refresh-3" });
  });

  it("rejects new tokens that cost nothing to ask for again", async () => {
    const { config } = createPageConfigUnderTest(undefined, [tokens(2)], {
      saveConfig: () => {
        throw new Error("full of consumer-secret");
      },
    });
    const error = await rejectionOf(getAccessToken(config));
    expect(error).toMatchObject({ code: "storage_failed" });
    expect(String(error)).not.toContain("consumer-secret");
  });
});
