import { runStorm } from "@bitbucket-auth/testing/storm";
import { describe, expect, it, vi } from "vitest";
import { seededRandom } from "../../src/storm.ts";
import { inADirectory, workerModule } from "./in-a-directory.ts";

const crowd = { processes: 3, callers: 4 };
const childProcesses = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === "ProcessWrap").length;

/** Node lets go of a process a moment after it has ended. */
const expectNoMoreThan = (before: number): Promise<void> =>
  vi.waitFor(() => expect(childProcesses()).toBeLessThanOrEqual(before), { timeout: 30_000 });

describe("runStorm()", { timeout: 60_000 }, () => {
  it("counts one request per expiry where a storage keeps its promises, and leaves nothing running", async () => {
    const before = childProcesses();
    const storm = await inADirectory((settings) =>
      runStorm({
        ...crowd,
        worker: workerModule("sqlite-worker"),
        settings,
        grants: 2,
        expiries: 3,
        seed: 7,
      }),
    );

    expect(storm).toMatchObject({
      seed: 7,
      tokenRequests: 6,
      reuse: 0,
      grantsLost: 0,
      unhandledRejections: 0,
    });
    expect(storm).toMatchObject({ served: 72, failed: 0, interrupted: 0, failures: {}, caught: {} });
    expect(storm.counts).toEqual({ refreshed: 6 });
    await expectNoMoreThan(before);
  });

  it("shows that a client without a lock loses the grant, and signs in again to go on", async () => {
    const storm = await inADirectory((settings) =>
      runStorm({ ...crowd, worker: workerModule("naive-worker"), settings, expiries: 2 }),
    );

    expect(storm.tokenRequests).toBeGreaterThan(2);
    expect(storm.reuse).toBeGreaterThan(0);
    expect(storm.grantsLost).toBeGreaterThan(0);
    expect(storm.lostReported).toBe(0);
    expect(storm.failed).toBe(24 - storm.served);
  });

  it("does the same again for the same seed", async () => {
    const once = () =>
      inADirectory((settings) =>
        runStorm({
          ...crowd,
          worker: workerModule("sqlite-worker"),
          settings,
          expiries: 2,
          seed: 4,
          profile: "cloud-2026",
          mishaps: { kind: "kill", points: ["lease-held", "after-send", "saved"] },
        }),
      );
    const storms = await Promise.all([once(), once()]);

    for (const storm of storms) {
      expect(storm.caught).toEqual({ "after-send": 1, saved: 1 });
      expect(storm).toMatchObject({ grantsLost: 0, served: 16, failed: 0, interrupted: 8 });
    }
  });

  it("counts tokens that do not work as failures, and unhandled rejections", async () => {
    const storm = await runStorm({ ...crowd, worker: workerModule("careless-worker"), expiries: 1 });

    expect(storm).toMatchObject({ served: 0, failed: 12, failures: { token_refused_by_api: 12 } });
    expect(storm.grantsLost).toBe(1);
    expect(storm.unhandledRejections).toBeGreaterThanOrEqual(12);
  });

  it("rejects when a client cannot be closed, and leaves nothing running", async () => {
    const before = childProcesses();
    const worker = workerModule("careless-worker");
    await expect(runStorm({ ...crowd, worker, settings: { close: "fails" }, expiries: 0 })).rejects.toThrow(
      /could not close/,
    );
    await expectNoMoreThan(before);
  });

  it("rejects when a worker module makes no client, and leaves nothing running", async () => {
    const before = childProcesses();
    await expect(runStorm({ ...crowd, worker: workerModule("empty-worker") })).rejects.toThrow(
      /exports no createClient/,
    );
    await expectNoMoreThan(before);
  });
});

const first = (count: number, seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

describe("seededRandom()", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    expect(first(20, 1)).toEqual(first(20, 1));
    expect(first(20, 2)).not.toEqual(first(20, 1));
  });

  it("spreads the first number of consecutive seeds over everything below 1", () => {
    const numbers = Array.from({ length: 1_000 }, (_, seed) => first(1, seed)[0] ?? 1);
    const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
    expect(tenths).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });
});
