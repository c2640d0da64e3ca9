import { InvalidOptionsError } from "../../src/errors.ts";
import {
  coolDownMs,
  freshness,
  isCoolingDown,
  jitterShare,
  overtakenPauseMs,
  refreshPolicy,
  refreshWindows,
  type Freshness,
  type RefreshPolicyOptions,
} from "../../src/refresh/policy.ts";
import { activeRecord, startOfTest } from "../auth-under-test.ts";
import { describe, expect, it } from "vitest";

const second = 1_000;
const minute = 60 * second;
const policy = refreshPolicy({ jitterMs: 0 }, () => 0);
const none = { minValidityMs: 0 };

function judged(lifeMs: number, leftMs: number, minValidityMs = 0): Freshness {
  const record = activeRecord({ accessExpiresAt: startOfTest + lifeMs });
  return freshness(record, startOfTest + lifeMs - leftMs, policy, { minValidityMs });
}

describe("refreshPolicy()", () => {
  it("has the documented defaults", () => {
    expect(refreshPolicy({}, () => 0.5)).toEqual({
      eagerMs: 15 * minute,
      jitterMs: 3 * minute,
      aheadPerSecond: 10,
      mandatoryMs: 30 * second,
      cacheMs: minute,
      leaseMs: 30 * second,
      contentionMs: minute,
      joinMs: 15 * second,
      pollMs: [50, 250],
      unsentRetries: 3,
      rereadMs: second,
      minimumAgeMs: minute,
      idleMs: 90 * 24 * 60 * minute,
      processShare: 0.5,
    });
  });

  it.each([
    { eagerMs: Number.NaN },
    { cacheMs: -1 },
    { aheadPerSecond: -1 },
    { leaseMs: Number.POSITIVE_INFINITY },
    { pollMs: [50, Number.NaN] },
    { idleMs: "90 days" },
  ])("refuses %j, which would make tokens look fresh for ever", (options) => {
    expect(() => refreshPolicy(options as unknown as RefreshPolicyOptions, () => 0)).toThrow(
      InvalidOptionsError,
    );
  });
});

describe("refreshPolicy() with what a timer cannot do", () => {
  it("keeps every duration of a timer within what a timer can be set for, whatever timeoutMs is", () => {
    for (const timeoutMs of [Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 40]) {
      const { leaseMs, contentionMs } = refreshPolicy({}, () => 0, timeoutMs);
      expect(leaseMs).toBeLessThan(2 ** 31);
      expect(contentionMs).toBeGreaterThan(leaseMs);
    }
    expect(refreshPolicy({ leaseMs: Number.MAX_SAFE_INTEGER }, () => 0).leaseMs).toBeLessThan(2 ** 31);
  });

  it("takes undefined for a default, and refuses a name that is none of the policy's", () => {
    expect(refreshPolicy({ mandatoryMs: undefined }, () => 0)).toEqual(refreshPolicy({}, () => 0));
    expect(() => refreshPolicy({ eagerMS: 5 } as unknown as RefreshPolicyOptions, () => 0)).toThrow(
      /eagerMS/,
    );
  });
});

describe("freshness()", () => {
  it.each<readonly [string, number, number, Freshness]>([
    ["2 h", 120 * minute, 15 * minute + 1, "fresh"],
    ["2 h", 120 * minute, 15 * minute, "due"],
    ["2 h", 120 * minute, 30 * second + 1, "due"],
    ["2 h", 120 * minute, 30 * second, "expired"],
    ["2 h", 120 * minute, 0, "expired"],
    ["2 h", 120 * minute, -minute, "expired"],
    ["10 min", 10 * minute, 5 * minute + 1, "fresh"],
    ["10 min", 10 * minute, 5 * minute, "due"],
    ["1 min", minute, 15 * second + 1, "due"],
    ["1 min", minute, 15 * second, "expired"],
    ["2 s", 2 * second, 2 * second, "fresh"],
    ["2 s", 2 * second, second, "due"],
    ["2 s", 2 * second, 500, "expired"],
    ["1 ms", 1, 1, "fresh"],
    ["nothing", 0, 0, "expired"],
  ])(
    "of a token with a life of %s and %d ms: with %d ms left it is %s",
    (_life, lifeMs, leftMs, expected) => {
      expect(judged(lifeMs, leftMs)).toBe(expected);
    },
  );

  it("honours a wish for more validity", () => {
    expect(judged(120 * minute, 20 * minute, 10 * minute)).toBe("fresh");
    expect(judged(120 * minute, 10 * minute + 1, 10 * minute)).toBe("due");
    expect(judged(120 * minute, 10 * minute, 10 * minute)).toBe("expired");
    expect(judged(120 * minute, 20 * minute, 20 * minute)).toBe("expired");
  });

  it("honours it up to half of a token's life, or no token would ever do", () => {
    expect(judged(120 * minute, 60 * minute + 1, 24 * 60 * minute)).not.toBe("expired");
    expect(judged(120 * minute, 60 * minute, 24 * 60 * minute)).toBe("expired");
  });

  it("never takes a wish for less than the policy's own", () => {
    expect(judged(120 * minute, 30 * second, 1)).toBe("expired");
  });

  it("calls the token that the API refused expired, and only that one", () => {
    const record = activeRecord();
    expect(freshness(record, startOfTest, policy, { ...none, rejected: "access-1" })).toBe("expired");
    expect(freshness(record, startOfTest, policy, { ...none, rejected: "access-0" })).toBe("fresh");
  });

  it("calls a record without an access token expired", () => {
    expect(freshness(activeRecord({ accessToken: "" }), startOfTest, policy, none)).toBe("expired");
  });

  it("calls a token due while a refresh of it was cut short, but leaves it alone in the cool-down", () => {
    const pending = { attempt: "one", startedAt: startOfTest, refreshFp: "fp" };
    const failure = { code: "token_request_failed", at: startOfTest, count: 1, retryAt: startOfTest + 5_000 };
    expect(freshness(activeRecord({ pending }), startOfTest, policy, none)).toBe("due");
    expect(freshness(activeRecord({ pending, failure }), startOfTest, policy, none)).toBe("fresh");
    expect(freshness(activeRecord({ pending, failure }), startOfTest + 5_000, policy, none)).toBe("due");
  });

  it("has a record that was obtained after it expired expired", () => {
    const record = activeRecord({ accessExpiresAt: startOfTest - 1 });
    expect(freshness(record, startOfTest, policy, none)).toBe("expired");
  });
});

describe("refreshWindows()", () => {
  it("is due before it is expired, whatever the life, the wish and the jitter", () => {
    for (const lifeMs of [0, 1, 2_000, minute, 15 * minute, 120 * minute, 24 * 60 * minute]) {
      for (const minValidityMs of [0, 1_000, 10 * minute, 999 * minute]) {
        for (const random of [0, 0.5, 0.999]) {
          const record = activeRecord({ accessExpiresAt: startOfTest + lifeMs });
          const windows = refreshWindows(
            record,
            refreshPolicy({}, () => random),
            { minValidityMs },
          );
          expect(windows.dueAt).toBeLessThanOrEqual(windows.expiredAt);
          expect(windows.expiredAt).toBeLessThanOrEqual(record.accessExpiresAt);
          expect(windows.dueAt).toBeGreaterThanOrEqual(startOfTest);
        }
      }
    }
  });

  const due = (accessToken: string, random: number, jitterMs?: number): number =>
    refreshWindows(
      activeRecord({ accessToken }),
      refreshPolicy(jitterMs === undefined ? {} : { jitterMs }, () => random),
      none,
    ).dueAt;

  it("begins the refresh earlier by a share of the jitter, another in each process", () => {
    const [one, other] = [due("a token", 0), due("a token", 0.5)];
    expect(Math.abs(one - other)).toBeCloseTo(1.5 * minute);
    expect(startOfTest + 105 * minute - one).toBeLessThan(3 * minute);
  });

  it("spreads the tokens of one process over the jitter, its own or the caller's", () => {
    for (const jitterMs of [undefined, 8 * minute]) {
      const dues = Array.from({ length: 1_000 }, (_, index) => due(`token ${index}`, 0, jitterMs));
      const longest = jitterMs ?? 3 * minute;
      expect(Math.max(...dues)).toBeLessThanOrEqual(startOfTest + 105 * minute);
      expect(Math.max(...dues) - Math.min(...dues)).toBeGreaterThan(0.95 * longest);
      expect(Math.max(...dues) - Math.min(...dues)).toBeLessThan(longest);
    }
  });
});

describe("isCoolingDown()", () => {
  const failure = { code: "token_request_failed", at: startOfTest, count: 1, retryAt: startOfTest + 60_000 };

  it.each<readonly [string, number, boolean]>([
    ["at once", 0, true],
    ["a moment before its end", 59_999, true],
    ["at its end", 60_000, false],
    ["after a jump of 2 h forward", 7_200_000, false],
    ["with a clock 5 s behind the one that wrote it", -5_000, true],
    ["after a jump of 2 h back, when the failure lies in the future", -7_200_000, false],
  ])("%s", (_when, offsetMs, expected) => {
    expect(isCoolingDown(failure, startOfTest + offsetMs)).toBe(expected);
  });

  it("needs a failure that names an end", () => {
    expect(isCoolingDown(undefined, startOfTest)).toBe(false);
    expect(isCoolingDown({ ...failure, retryAt: undefined }, startOfTest)).toBe(false);
  });
});

describe("coolDownMs()", () => {
  it.each<readonly ["refused" | "failed", number, number, number]>([
    ["failed", 1, 3_750, 5_000],
    ["failed", 2, 7_500, 10_000],
    ["failed", 4, 30_000, 40_000],
    ["failed", 5, 45_000, 60_000],
    ["failed", 1_000, 45_000, 60_000],
    ["refused", 1, 30_000, 37_500],
    ["refused", 2, 60_000, 75_000],
    ["refused", 5, 300_000, 375_000],
    ["refused", 1_000, 300_000, 375_000],
  ])("after being %s %d times in a row is between %d and %d ms", (kind, count, least, most) => {
    const times = [0, 0.5, 0.999_999].map((random) => coolDownMs(kind, count, () => random));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...times)).toBeLessThanOrEqual(most);
    expect(new Set(times).size).toBe(3);
  });

  it("lets a dead grant be tried at most once in 30 s", () => {
    for (let count = 1; count < 100; count++) {
      expect(coolDownMs("refused", count, () => 0)).toBeGreaterThanOrEqual(30_000);
    }
  });
});

const tokens = Array.from({ length: 10_000 }, (_, index) => `${"x".repeat(2_580)}-${index * 7_919}`);

describe("jitterShare()", () => {
  it("is the same number whenever it is asked for", () => {
    expect(jitterShare("a token", 0.3)).toBe(jitterShare("a token", 0.3));
  });

  it("spreads tokens evenly over [0, 1), whatever the share of the process", () => {
    for (const processShare of [0, 0.4, 0.999]) {
      const shares = tokens.map((token) => jitterShare(token, processShare));
      const inTenth = (tenth: number): number =>
        shares.filter((share) => Math.floor(share * 10) === tenth).length;
      const counts = Array.from({ length: 10 }, (_, tenth) => inTenth(tenth));
      expect(Math.min(...counts)).toBeGreaterThan(900);
      expect(Math.max(...counts)).toBeLessThan(1_100);
      expect(counts.reduce((sum, count) => sum + count)).toBe(tokens.length);
    }
  });

  it("moves with the process, so that two processes do not begin together", () => {
    expect(jitterShare("a token", 0.5)).toBeCloseTo((jitterShare("a token", 0) + 0.5) % 1);
  });

  it("knows an empty token", () => {
    expect(jitterShare("", 0)).toBeGreaterThanOrEqual(0);
  });
});

describe("overtakenPauseMs()", () => {
  it("grows with each overtaken write, up to a tenth one, and is random below that", () => {
    expect([2, 5, 10, 50].map((attempt) => overtakenPauseMs(attempt, () => 0.5))).toEqual([20, 50, 100, 100]);
    expect(overtakenPauseMs(10, () => 0)).toBe(0);
  });
});
