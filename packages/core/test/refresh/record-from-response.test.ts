import { describe, expect, it } from "vitest";
import {
  recordFromResponse,
  recordFromTokens,
  tokensFromRecord,
} from "../../src/refresh/record-from-response.ts";
import type { TokenResponse } from "../../src/token-endpoint/token-response.ts";
import { activeRecord, createRefreshUnderTest, startOfTest } from "./refresh-under-test.ts";

const day = 24 * 3_600_000;
const response: TokenResponse = {
  accessToken: "access-2",
  refreshToken: "refresh-2",
  lifetimeMs: 7_200_000,
  scope: "account repository",
  tokenType: "bearer",
  startedAt: startOfTest,
};

describe("recordFromResponse()", () => {
  it("follows its parent: one generation on, and redeemed from the parent's token", async () => {
    const { context } = createRefreshUnderTest();
    const parent = activeRecord();
    const record = await recordFromResponse(context, response, { parent, fence: 9 });
    expect(record).toMatchObject({
      accessToken: "access-2",
      refreshToken: "refresh-2",
      refreshFp: await context.store.fingerprint("refresh-2"),
      parentFp: parent.refreshFp,
      generation: parent.generation + 1,
      fence: 9,
      status: "active",
      scope: "account repository",
    });
    expect(record).not.toHaveProperty("failure");
    expect(record).not.toHaveProperty("pending");
  });

  it("counts both lives from the start of the request", async () => {
    const { context, clock } = createRefreshUnderTest();
    clock.move(4_000);
    expect(await recordFromResponse(context, response, { fence: 1 })).toMatchObject({
      obtainedAt: startOfTest,
      accessExpiresAt: startOfTest + 7_200_000,
      refreshExpiresAt: startOfTest + 90 * day,
    });
  });

  it("keeps the old refresh token when the answer brought none", async () => {
    const { context } = createRefreshUnderTest();
    const { refreshToken: _none, ...unrotated } = response;
    const record = await recordFromResponse(context, unrotated, { parent: activeRecord(), fence: 1 });
    expect(record.refreshToken).toBe("refresh-1");
    expect(record.refreshFp).toBe(await context.store.fingerprint("refresh-1"));
  });

  it("is a first generation without a refresh token where there is no parent and none was sent", async () => {
    const { context } = createRefreshUnderTest();
    const { refreshToken: _none, ...own } = response;
    const record = await recordFromResponse(context, own, { fence: 1 });
    expect(record).toMatchObject({ generation: 1, refreshToken: undefined, parentFp: undefined });
    expect(record).not.toHaveProperty("refreshExpiresAt");
  });

  it("is dated by Bitbucket when Bitbucket sent its time", async () => {
    const { context } = createRefreshUnderTest();
    const serverTime = startOfTest + 7_200_000;
    const record = await recordFromResponse(context, { ...response, serverTime }, { fence: 1 });
    expect(record).toMatchObject({
      issuedAt: serverTime,
      obtainedAt: serverTime,
      accessExpiresAt: serverTime + 7_200_000,
    });
    expect(tokensFromRecord(record, context.clock).expiresAt).toBe(startOfTest + 7_200_000);
  });
});

describe("recordFromTokens()", () => {
  it("is a first generation on this machine's clock", async () => {
    const { context } = createRefreshUnderTest();
    const tokens = {
      accessToken: "access-1",
      refreshToken: "refresh-1",
      expiresAt: startOfTest + 1_000,
      scopes: ["account", "repository"],
      tokenType: "bearer",
    } as const;
    const record = await recordFromTokens(context, tokens);
    expect(record).toMatchObject({
      accessExpiresAt: startOfTest + 1_000,
      obtainedAt: startOfTest,
      refreshExpiresAt: startOfTest + 90 * day,
      scope: "account repository",
      generation: 1,
      status: "active",
    });
    expect(record.parentFp).toBeUndefined();
    expect(tokensFromRecord(record, context.clock)).toEqual(tokens);
  });

  it("keeps unknown scopes unknown, which is not none", async () => {
    const { context } = createRefreshUnderTest();
    const tokens = { accessToken: "a", expiresAt: startOfTest, tokenType: "bearer" } as const;
    const record = await recordFromTokens(context, tokens);
    expect(tokensFromRecord(record, context.clock).scopes).toBeUndefined();
    expect(tokensFromRecord({ ...record, scope: "" }, context.clock).scopes).toEqual([]);
  });
});
