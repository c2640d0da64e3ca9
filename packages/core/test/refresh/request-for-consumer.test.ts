import { describe, expect, it } from "vitest";
import { TokenRequestError, TokenRequestRejectedError } from "../../src/errors.ts";
import { createFailureMemory } from "../../src/refresh/failure-memory.ts";
import type { GrantRef } from "../../src/refresh/grant-ref.ts";
import type { LeaseHold } from "../../src/refresh/lease-hold.ts";
import { requestForConsumer } from "../../src/refresh/request-for-consumer.ts";
import {
  activeRecord,
  createRefreshUnderTest,
  rejectionOf,
  startOfTest,
  tokensAnswer,
} from "./refresh-under-test.ts";

const own: GrantRef = { key: "site/consumer/client", account: undefined };
const hold: LeaseHold = { fence: 7, confirm: async () => true, release: async () => undefined };

describe("requestForConsumer()", () => {
  it("brings a first record without a refresh token, even if one was sent", async () => {
    const { context } = createRefreshUnderTest([tokensAnswer(1)]);
    const failures = createFailureMemory(context.clock);
    const redemption = await requestForConsumer(context, failures, own, hold, null);
    expect(redemption).toMatchObject({
      version: null,
      recovered: false,
      mine: { accessToken: "access-1", refreshToken: undefined, generation: 1, fence: 7 },
    });
    expect(redemption.redeemedFp).toBeUndefined();
    expect(redemption.mine.parentFp).toBeUndefined();
  });

  it("follows the record that is stored, by its version and generation", async () => {
    const { context } = createRefreshUnderTest([tokensAnswer(2)]);
    const failures = createFailureMemory(context.clock);
    const stored = { version: "v1", record: activeRecord({ refreshToken: undefined }) };
    expect(await requestForConsumer(context, failures, own, hold, stored)).toMatchObject({
      version: "v1",
      mine: { generation: stored.record.generation + 1 },
    });
  });

  it("asks by client credentials and announces nothing, because nothing can be lost", async () => {
    const grants: string[] = [];
    const { context, scripted } = createRefreshUnderTest([], {
      requestTokens: async (form, grant) => {
        grants.push(`${form["grant_type"]} as ${grant}`);
        return tokensAnswer(1);
      },
    });
    await requestForConsumer(context, createFailureMemory(context.clock), own, hold, null);
    expect(grants).toEqual(["client_credentials as client_credentials"]);
    expect(scripted.calls.compareAndSwap).toEqual([]);
  });

  it("remembers a failure in this process, longer each time, and forgets it after a success", async () => {
    const error = new TokenRequestRejectedError("It must be a private consumer.");
    const refused = { kind: "misconfigured", error } as const;
    const { context } = createRefreshUnderTest([refused, refused, tokensAnswer(1)]);
    const failures = createFailureMemory(context.clock);
    const ask = (): Promise<unknown> => requestForConsumer(context, failures, own, hold, null);
    expect(await rejectionOf(ask())).toBe(error);
    expect(failures.previous(own)).toMatchObject({ count: 1, retryAt: startOfTest + 5_000 });
    expect(() => failures.assertNone(own, undefined)).toThrow(error);
    await rejectionOf(ask());
    expect(failures.previous(own)).toMatchObject({ count: 2, retryAt: startOfTest + 10_000 });
    await ask();
    expect(failures.previous(own)).toBeUndefined();
  });

  it("leaves a busy server alone for as long as it asked", async () => {
    const error = new TokenRequestError("429");
    const { context } = createRefreshUnderTest([{ kind: "not_redeemed", error, retryAfterMs: 90_000 }]);
    const failures = createFailureMemory(context.clock);
    await rejectionOf(requestForConsumer(context, failures, own, hold, null));
    expect(failures.previous(own)?.retryAt).toBe(startOfTest + 90_000);
  });
});
