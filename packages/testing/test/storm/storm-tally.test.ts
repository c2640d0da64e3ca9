import { describe, expect, it } from "vitest";
import { readFields } from "../../src/json-fields.ts";
import { addAnswers, noAnswers, p99, readAnswers, type StormAnswers } from "../../src/storm/storm-tally.ts";

const some: StormAnswers = {
  served: 3,
  failed: 1,
  interrupted: 2,
  failures: { storage_failed: 1 },
  servedOf: { alice: 2, bob: 1 },
  reportedLost: ["bob"],
  counts: { refreshed: 1 },
  unhandledRejections: 1,
  durationsMs: [1, 2, 3, 4],
};

describe("addAnswers()", () => {
  it("adds every number, by name where there are names", () => {
    expect(
      addAnswers(some, { ...some, failures: { refresh_contended: 2 }, reportedLost: ["bob", "eve"] }),
    ).toEqual({
      served: 6,
      failed: 2,
      interrupted: 4,
      failures: { storage_failed: 1, refresh_contended: 2 },
      servedOf: { alice: 4, bob: 2 },
      reportedLost: ["bob", "eve"],
      counts: { refreshed: 2 },
      unhandledRejections: 2,
      durationsMs: [1, 2, 3, 4, 1, 2, 3, 4],
    });
  });

  it("changes nothing when there is nothing to add", () => {
    expect(addAnswers(noAnswers, some)).toEqual(some);
  });
});

describe("readAnswers()", () => {
  const read = (value: unknown): StormAnswers => readAnswers(readFields(JSON.parse(JSON.stringify(value))));

  it("reads what crossed from a worker, which knows nothing of being interrupted", () => {
    expect(read(some)).toEqual({ ...some, interrupted: 0 });
  });

  it("refuses what is something else", () => {
    expect(() => read({ ...some, served: "3" })).toThrow(/"served"/);
    expect(() => read({ ...some, failures: { storage_failed: "1" } })).toThrow(/"storage_failed"/);
  });
});

describe("p99()", () => {
  it("is the time that 99 of 100 took no longer than", () => {
    expect(p99(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(99);
    expect(p99([7])).toBe(7);
    expect(p99([])).toBe(0);
  });
});
