import { createConsumerBreaker, type Admission, type ConsumerBreaker } from "../../src/refresh/breaker.ts";
import { movableClock, startOfTest, type MovableClock } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

const second = 1_000;

interface BreakerUnderTest {
  readonly breaker: ConsumerBreaker;
  readonly clock: MovableClock;
  /** What `onChange` was told. */
  readonly told: readonly (number | undefined)[];
  /** The permission, or undefined when there is none. */
  admit(grant: string, deadline?: AbortSignal): Promise<Admission | undefined>;
}

function breakerUnderTest(): BreakerUnderTest {
  const clock = movableClock();
  const told: (number | undefined)[] = [];
  const breaker = createConsumerBreaker(clock, (blockedUntil) => told.push(blockedUntil));
  return {
    breaker,
    clock,
    told,
    async admit(grant, deadline = new AbortController().signal) {
      const admission = await breaker.admit(grant, deadline);
      return "report" in admission ? admission : undefined;
    },
  };
}

/** Lets everything that can go on without time go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe("createConsumerBreaker()", () => {
  it("lets everything through while Bitbucket answers", async () => {
    const { admit, told } = breakerUnderTest();
    const admissions = await Promise.all(Array.from({ length: 100 }, (_, i) => admit(`grant-${i}`)));
    for (const admission of admissions) admission?.report("tokens");
    expect(admissions).not.toContain(undefined);
    expect(told).toEqual([]);
  });

  it("probes a lockout of 60 s at most three times while 500 grants ask each second, and is back within 5 s of its end", async () => {
    const { admit, clock, told } = breakerUnderTest();
    const lockedUntil = startOfTest + 60 * second;
    const grants = Array.from({ length: 500 }, (_, i) => `grant-${i}`);
    let sentInto = 0;
    let healthyAt: number | undefined;
    for (let elapsed = 0; elapsed <= 70; elapsed++) {
      await Promise.all(
        grants.map(async (grant) => {
          const admission = await admit(grant);
          if (!admission) return;
          if (clock.now() < lockedUntil) {
            sentInto++;
            admission.report("doubtful");
          } else {
            healthyAt ??= clock.now();
            admission.report("tokens");
          }
        }),
      );
      clock.move(second);
    }
    // The first refusal finds all 500 under way in one tick; nothing can be known before it.
    expect(sentInto - 500).toBeLessThanOrEqual(3);
    expect((healthyAt ?? Number.POSITIVE_INFINITY) - lockedUntil).toBeLessThanOrEqual(5 * second);
    expect(told.at(-1)).toBeUndefined();
  });

  it("sends one request at a time after the first refusal", async () => {
    const { admit, clock } = breakerUnderTest();
    (await admit("dead"))?.report("doubtful");
    let admitted = 0;
    const waiting = ["a", "b", "c"].map(async (grant) => {
      const admission = await admit(grant);
      admitted++;
      return admission;
    });
    await settle();
    expect(admitted).toBe(1);
    (await waiting[0])?.report("doubtful");
    expect(await Promise.all(waiting.slice(1))).toEqual([undefined, undefined]);
    clock.move(20 * second);
    expect(await admit("d")).toBeDefined();
  });

  it("names the time to come back at, first after 20 s and then every 40 s", async () => {
    const { breaker, admit, clock, told } = breakerUnderTest();
    (await admit("a"))?.report("doubtful");
    (await admit("b"))?.report("doubtful");
    expect(await breaker.admit("c", AbortSignal.abort())).toEqual({
      blockedUntil: startOfTest + 20 * second,
    });
    clock.move(20 * second);
    (await admit("c"))?.report("doubtful");
    expect(await breaker.admit("d", AbortSignal.abort())).toEqual({
      blockedUntil: startOfTest + 60 * second,
    });
    clock.move(40 * second);
    (await admit("d"))?.report("tokens");
    expect(await admit("e")).toBeDefined();
    expect(told).toEqual([startOfTest + 20 * second, startOfTest + 60 * second, undefined]);
  });

  it("lets waiting callers through as soon as one answer is good", async () => {
    const { admit, told } = breakerUnderTest();
    (await admit("dead"))?.report("doubtful");
    const probe = await admit("healthy");
    const others = ["a", "b", "c"].map((grant) => admit(grant));
    probe?.report("tokens");
    expect(await Promise.all(others)).not.toContain(undefined);
    expect(told).toEqual([]);
  });

  it("never blocks a healthy grant because of one dead one, however often that is tried", async () => {
    const { admit, clock, told } = breakerUnderTest();
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i <= round % 3; i++) (await admit("dead"))?.report("doubtful");
      const healthy = await admit("healthy");
      expect(healthy).toBeDefined();
      healthy?.report("tokens");
      clock.move(30 * second);
    }
    expect(told).toEqual([]);
  });

  it("lets the next one probe when a caller has waited as long as it may for a probe that never ends", async () => {
    const { admit } = breakerUnderTest();
    (await admit("a"))?.report("doubtful");
    const ended = await admit("b");
    const deadline = new AbortController();
    const waiting = admit("c", deadline.signal);
    deadline.abort();
    expect(await waiting).toBeUndefined();
    const next = await admit("d");
    const waitingForNext = admit("e");
    // Too late to speak for the probe that took its place.
    ended?.report(undefined);
    await settle();
    next?.report("tokens");
    expect(await waitingForNext).toBeDefined();
  });

  it("lets the next one probe when a probe's answer was lost", async () => {
    const { admit, told } = breakerUnderTest();
    (await admit("a"))?.report("doubtful");
    const lost = await admit("b");
    const next = admit("c");
    lost?.report(undefined);
    (await next)?.report("tokens");
    expect(await admit("d")).toBeDefined();
    expect(told).toEqual([]);
  });

  it("lets a caller whose time is over go without waiting for the answer that decides", async () => {
    const { admit } = breakerUnderTest();
    (await admit("a"))?.report("doubtful");
    const probe = await admit("b");
    const leaving = new AbortController();
    const waiting = admit("c", leaving.signal);
    await settle();
    leaving.abort();
    expect(await waiting).toBeUndefined();
    probe?.report("tokens");
    expect(await admit("c")).toBeDefined();
  });

  it("takes the good answer to a request from before the lockout for its end", async () => {
    const { admit, told } = breakerUnderTest();
    const early = await admit("early");
    (await admit("a"))?.report("doubtful");
    (await admit("b"))?.report("doubtful");
    expect(await admit("c")).toBeUndefined();
    early?.report("tokens");
    expect(await admit("c")).toBeDefined();
    expect(told).toEqual([startOfTest + 20 * second, undefined]);
  });

  it("learns nothing from an answer that did not come while all is well", async () => {
    const { admit } = breakerUnderTest();
    for (let i = 0; i < 10; i++) (await admit(`grant-${i}`))?.report(undefined);
    const both = await Promise.all([admit("a"), admit("b")]);
    expect(both).not.toContain(undefined);
  });

  it.each([-2, 2])("does not stay blocked when the clock jumps %d h", async (hours) => {
    const { admit, clock } = breakerUnderTest();
    (await admit("a"))?.report("doubtful");
    (await admit("b"))?.report("doubtful");
    clock.move(hours * 3_600 * second);
    expect(await admit("c")).toBeDefined();
  });
});
