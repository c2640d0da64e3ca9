import { describe, expect, it } from "vitest";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import {
  anything,
  consumer,
  createManagerUnderTest,
  hear,
  storeRecord,
  type ManagerUnderTest,
} from "./manager-under-test.ts";
import {
  ann,
  deadAnswer,
  downAnswer,
  misconfiguredAnswer,
  rejectionOf,
  startOfTest,
} from "./refresh-under-test.ts";

const down = { code: "token_request_failed" };

/** Under a manager whose next refresh is answered so, a token with less left than the half minute it may be served for. */
async function tokenWithLeft(ms: number, answer: TokenAnswer = downAnswer()): Promise<ManagerUnderTest> {
  const test = createManagerUnderTest([answer]);
  await storeRecord(test, { obtainedAt: startOfTest - 7_140_000, accessExpiresAt: startOfTest + ms });
  return test;
}

describe("a token manager with a token's last seconds, when the refresh fails", () => {
  it("gives them to the caller while Bitbucket is down, and tells of the failure", async () => {
    const test = await tokenWithLeft(1_001);
    const failed = hear(test, "failed");
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    expect(failed).toMatchObject([{ account: "ann", ...down }]);
  });

  it("keeps the very last second, which would be over on the way", async () => {
    const test = await tokenWithLeft(1_000);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject(down);
  });

  it("gives nobody less than was asked for", async () => {
    const test = await tokenWithLeft(20_000);
    expect(await rejectionOf(test.manager.get(ann, { minValidityMs: 20_000 }))).toMatchObject(down);
    expect(await test.manager.get(ann, { minValidityMs: 19_999 })).toMatchObject({ accessToken: "access-1" });
  });

  it("does not give a token to the caller who rejects it", async () => {
    const test = await tokenWithLeft(20_000);
    const rejecting = test.manager.get(ann, { ...anything, rejected: "access-1" });
    expect(await rejectionOf(rejecting)).toMatchObject(down);
    const another = test.manager.get(ann, { ...anything, rejected: "access-0" });
    expect(await another).toMatchObject({ accessToken: "access-1" });
  });

  it.each([
    ["the grant is dead", deadAnswer(), "refresh_rejected"],
    ["the consumer is set up wrongly", misconfiguredAnswer(), "token_request_rejected"],
  ])("does not hide behind them that %s", async (_what, answer, code) => {
    const test = await tokenWithLeft(20_000, answer);
    expect(await rejectionOf(test.manager.get(ann, anything))).toMatchObject({ code });
  });

  it("sends nothing for them again while the failure cools down", async () => {
    const test = await tokenWithLeft(20_000);
    await test.manager.get(ann, anything);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    expect(test.sent).toHaveLength(1);
  });

  it("has none to give where nothing was stored before", async () => {
    const test = createManagerUnderTest([downAnswer()]);
    expect(await rejectionOf(test.manager.get(consumer, anything))).toMatchObject(down);
  });
});
