import { createServerClock, type ServerClock } from "../../src/refresh/server-clock.ts";
import { movableClock, startOfTest, type MovableClock } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

const hour = 3_600_000;
/** A record that Bitbucket dated. */
const byBitbucket = { issuedAt: startOfTest };

interface ClockUnderTest {
  readonly local: MovableClock;
  readonly clock: ServerClock;
  readonly told: readonly number[];
  /** One request: it leaves, Bitbucket dates its answer, the answer takes its way back. */
  exchange(skewMs: number, wayMs?: number): void;
}

function clockUnderTest(): ClockUnderTest {
  const local = movableClock();
  const told: number[] = [];
  const clock = createServerClock(local, (skewMs) => told.push(skewMs));
  return {
    local,
    clock,
    told,
    exchange(skewMs, wayMs = 100) {
      const startedAt = local.now();
      local.move(wayMs / 2);
      // The header has whole seconds.
      const serverTime = Math.floor((local.now() + skewMs) / 1_000) * 1_000;
      local.move(wayMs / 2);
      clock.learn(serverTime, startedAt);
    },
  };
}

describe("createServerClock()", () => {
  it("trusts this machine until it hears otherwise", () => {
    const { clock, local } = clockUnderTest();
    expect([clock.skewMs, clock.nowFor(byBitbucket)]).toEqual([0, local.now()]);
  });

  it.each([-4_000, -1_000, 0, 1_000, 4_900])("takes %d ms for no difference", (skewMs) => {
    const { clock, exchange, told } = clockUnderTest();
    exchange(skewMs);
    expect([clock.skewMs, told]).toEqual([0, []]);
  });

  it.each([-24 * hour, -2 * hour, -60_000, 60_000, 2 * hour, 24 * hour])(
    "learns a difference of %d ms to within the header's second",
    (skewMs) => {
      const { clock, local, exchange, told } = clockUnderTest();
      exchange(skewMs);
      expect(Math.abs(clock.skewMs - skewMs)).toBeLessThanOrEqual(1_100);
      expect(clock.nowFor(byBitbucket)).toBe(local.now() + clock.skewMs);
      expect(told).toEqual([clock.skewMs]);
    },
  );

  it("says nothing twice", () => {
    const { exchange, told } = clockUnderTest();
    for (let i = 0; i < 20; i++) exchange(2 * hour, 300);
    expect(told).toHaveLength(1);
  });

  it("learns nothing from an answer that was as slow as the difference", () => {
    const { clock, exchange, told } = clockUnderTest();
    exchange(0, 60_000);
    exchange(20_000, 60_000);
    exchange(-20_000, 60_000);
    expect([clock.skewMs, told]).toEqual([0, []]);
  });

  it("does not forget what it knows because of a slow answer that fits it", () => {
    const { clock, exchange, told } = clockUnderTest();
    exchange(20_000);
    const known = clock.skewMs;
    exchange(20_000, 60_000);
    expect([clock.skewMs, told]).toEqual([known, [known]]);
  });

  it("forgets the difference when the machine's clock is put right", () => {
    const { clock, local, exchange, told } = clockUnderTest();
    exchange(2 * hour);
    local.move(2 * hour);
    exchange(0);
    expect(clock.skewMs).toBe(0);
    expect(told.at(-1)).toBe(0);
  });

  it.each([2 * hour, -2 * hour])("follows a jump of %d ms", (jumpMs) => {
    const { clock, local, exchange } = clockUnderTest();
    exchange(0);
    const bitbucketNow = local.now();
    local.move(jumpMs);
    exchange(-jumpMs);
    expect(Math.abs(clock.nowFor(byBitbucket) - bitbucketNow)).toBeLessThan(2_000);
  });

  it("learns from a record of the future that Bitbucket's clock is ahead", () => {
    const { clock, told } = clockUnderTest();
    clock.atLeast(startOfTest + 2 * hour);
    expect(clock.nowFor(byBitbucket)).toBe(startOfTest + 2 * hour);
    expect(told).toEqual([2 * hour]);
  });

  it.each([undefined, startOfTest - 2 * hour, startOfTest, startOfTest + 5_000])(
    "learns nothing from a record dated %s",
    (issuedAt) => {
      const { clock, told } = clockUnderTest();
      clock.atLeast(issuedAt);
      expect([clock.skewMs, told]).toEqual([0, []]);
    },
  );

  it("dates a record by Bitbucket's clock when Bitbucket dated it, else by this machine's", () => {
    const { clock, local } = clockUnderTest();
    clock.atLeast(startOfTest + 2 * hour);
    const [dated, undated] = [{ issuedAt: startOfTest }, {}];
    expect([clock.nowFor(dated), clock.nowFor(undated)]).toEqual([local.now() + 2 * hour, local.now()]);
    expect([clock.toLocal(startOfTest + 2 * hour, dated), clock.toLocal(startOfTest, undated)]).toEqual([
      startOfTest,
      startOfTest,
    ]);
  });

  it("agrees with another host on when a record expires, however wrong both clocks are", () => {
    const dates = [-2 * hour, 2 * hour].map((skewMs) => {
      const { clock, exchange, local } = clockUnderTest();
      local.move(-skewMs);
      exchange(skewMs);
      return clock.nowFor(byBitbucket);
    });
    expect(Math.abs((dates[0] ?? 0) - (dates[1] ?? 0))).toBeLessThan(2_000);
  });
});
