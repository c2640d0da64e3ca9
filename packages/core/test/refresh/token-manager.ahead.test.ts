import { describe, expect, it } from "vitest";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import {
  anything,
  createManagerUnderTest,
  hear,
  heldAnswer,
  minutesOld,
  storeRecord,
} from "./manager-under-test.ts";
import { ann, deadAnswer, downAnswer, rejectionOf, tokensAnswer } from "./refresh-under-test.ts";

const minute = 60_000;
/** In the last quarter of an hour, before the last half minute. */
const due = minutesOld(110);

describe("a token manager, ahead of need", () => {
  it("serves a token that is due at once while its refresh runs, and the new one afterwards", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, due);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    await held.asked;
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    held.release();
    await test.manager.settled();
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-2" });
    expect((await test.context.store.read(ann.key))?.record.accessToken).toBe("access-2");
    expect(test.sent).toEqual(["refresh-1"]);
    expect(test.events).toEqual(["refreshed"]);
  });

  it("leaves a fresh token alone", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, minutesOld(104));
    await test.manager.get(ann, anything);
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(test.scripted.calls.tryLease).toEqual([]);
  });

  it("refreshes once ahead of need, however many callers come while it runs", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, due);
    await Promise.all(Array.from({ length: 50 }, () => test.manager.get(ann, anything)));
    await held.asked;
    await Promise.all(Array.from({ length: 50 }, () => test.manager.get(ann, anything)));
    expect(test.scripted.calls.tryLease).toHaveLength(1);
    held.release();
    await test.manager.settled();
    expect(test.sent).toEqual(["refresh-1"]);
  });

  it("leaves a token that is due to whoever holds the lease, and does not wait for the lease", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, due);
    await test.context.store.tryLease(ann.key, "another process", 30_000);
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    await test.manager.settled();
    expect(test.scripted.calls.tryLease).toHaveLength(2);
    expect([test.sent, test.events]).toEqual([[], []]);
  });

  it("sends nothing when it finds under the lease that another process has refreshed", async () => {
    const test = createManagerUnderTest([tokensAnswer(9)]);
    await storeRecord(test, due);
    const adopted = hear(test, "adopted");
    await test.manager.get(ann, anything);
    await storeRecord(test, { accessToken: "access-2", generation: 5 });
    await test.manager.settled();
    expect(test.sent).toEqual([]);
    expect(adopted).toEqual([{ account: "ann", generation: 5 }]);
    expect(await test.manager.cached("ann")).toBe("access-2");
  });

  it("reports a refresh that failed and fails no caller for it", async () => {
    const test = createManagerUnderTest([downAnswer()]);
    const failed = hear(test, "failed");
    await storeRecord(test, due);
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    expect(failed).toMatchObject([{ account: "ann", code: "token_request_failed" }]);
  });

  it("leaves Bitbucket alone while a failure cools down, then tries again", async () => {
    const test = createManagerUnderTest([downAnswer(), tokensAnswer(2)]);
    await storeRecord(test, due);
    await test.manager.get(ann, anything);
    await test.manager.settled();
    const leases = test.scripted.calls.tryLease.length;
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(test.scripted.calls.tryLease).toHaveLength(leases);
    test.clock.move(5_000);
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(test.sent).toEqual(["refresh-1", "refresh-1"]);
  });

  it("begins no more refreshes in a second than the policy allows, and others in the next second", async () => {
    const policy = refreshPolicy({ jitterMs: 0, aheadPerSecond: 2 }, () => 0);
    const test = createManagerUnderTest([tokensAnswer(2)], { policy });
    const refs = ["ann", "bob", "eve"].map((account) => ({ key: `site/consumer/user/${account}`, account }));
    for (const ref of refs) await storeRecord(test, due, ref);
    for (const ref of refs) await test.manager.get(ref, anything);
    await test.manager.settled();
    expect(test.sent).toHaveLength(2);
    test.clock.move(1_000);
    for (const ref of refs) await test.manager.get(ref, anything);
    await test.manager.settled();
    expect(test.sent).toHaveLength(3);
  });

  it("begins none for a look-up that its owner closed meanwhile", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    await storeRecord(test, due);
    const looking = test.manager.get(ann, anything);
    test.close();
    await rejectionOf(looking);
    await test.manager.settled();
    expect(test.scripted.calls.tryLease).toEqual([]);
  });

  it("lets a caller who cannot use the old token wait for the refresh under way and sends no second one", async () => {
    const held = heldAnswer(tokensAnswer(2));
    const test = createManagerUnderTest([held.answer]);
    await storeRecord(test, due);
    await test.manager.get(ann, anything);
    await held.asked;
    const demanding = test.manager.get(ann, { minValidityMs: 30 * minute });
    const refused = test.manager.get(ann, { ...anything, rejected: "access-1" });
    held.release();
    expect(await demanding).toMatchObject({ accessToken: "access-2" });
    expect(await refused).toMatchObject({ accessToken: "access-2" });
    expect(test.sent).toEqual(["refresh-1"]);
    expect(test.scripted.calls.tryLease).toHaveLength(1);
  });

  it("refreshes a token whose last refresh was cut short although it has long to live", async () => {
    const test = createManagerUnderTest([tokensAnswer(2)]);
    const refreshFp = "fingerprint-of-refresh-1";
    const pending = { attempt: "cut short", startedAt: minutesOld(1).obtainedAt, refreshFp };
    await storeRecord(test, { refreshFp, pending });
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    await test.manager.settled();
    expect(await test.manager.cached("ann")).toBe("access-2");
  });

  it("reports a grant that Bitbucket declares dead while its token still works, and goes on serving that", async () => {
    const test = createManagerUnderTest([deadAnswer()]);
    const failed = hear(test, "failed");
    await storeRecord(test, due);
    await test.manager.get(ann, anything);
    await test.manager.settled();
    expect(await test.manager.get(ann, anything)).toMatchObject({ accessToken: "access-1" });
    await test.manager.settled();
    expect(failed).toMatchObject([{ code: "refresh_rejected" }, { code: "refresh_rejected" }]);
    expect(test.sent).toEqual(["refresh-1"]);
  });
});
