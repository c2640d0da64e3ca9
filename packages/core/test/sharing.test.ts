import {
  createRunningWork,
  createSingleFlight,
  createTurns,
  join,
  joinOrStart,
  lost,
} from "../src/sharing.ts";
import { StorageError } from "../src/errors.ts";
import { createStopSource } from "../src/timing.ts";
import { deferred, isSettled, rejectionOf } from "./promises.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

describe("createSingleFlight()", () => {
  it("shows a run under its key until it ends", async () => {
    const flights = createSingleFlight<string>();
    const run = deferred<string>();
    const flight = flights.start("ann", () => run.promise);
    expect(flights.current("ann")).toBe(flight);
    expect(flights.current("bob")).toBeUndefined();
    run.resolve("done");
    expect(await flight).toBe("done");
    expect(flights.current("ann")).toBeUndefined();
  });

  it("frees the key when a run fails, and rejects for every caller that waits", async () => {
    const flights = createSingleFlight<string>();
    const flight = flights.start("ann", () => Promise.reject(new Error("no")));
    await expect(flight).rejects.toThrow("no");
    expect(flights.current("ann")).toBeUndefined();
  });

  it("lets a run fail that no caller waits for", async () => {
    const unhandled = vi.fn<() => void>();
    process.on("unhandledRejection", unhandled);
    const flights = createSingleFlight<string>();
    void flights.start("ann", () => Promise.reject(new Error("unheard")));
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await expect(flights.settled()).resolves.toBeUndefined();
  });

  it("has settled when nothing runs, whatever came of it", async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [deferred<string>(), deferred<string>()];
    void flights.start("ann", () => one.promise);
    void flights.start("bob", () => two.promise);
    const settled = flights.settled();
    one.resolve("done");
    expect(await isSettled(settled)).toBe(false);
    two.reject(new Error("no"));
    await settled;
  });

  it("waits for runs that begin while it settles", async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [deferred<string>(), deferred<string>()];
    void flights.start("ann", () => one.promise).then(() => flights.start("ann", () => two.promise));
    const settled = flights.settled();
    one.resolve("done");
    expect(await isSettled(settled)).toBe(false);
    two.resolve("done");
    await settled;
  });

  it("does not lose a run that took the key of another over", async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [deferred<string>(), deferred<string>()];
    const first = flights.start("ann", () => one.promise);
    const second = flights.start("ann", () => two.promise);
    one.resolve("first");
    await first;
    expect(flights.current("ann")).toBe(second);
    expect(await isSettled(flights.settled())).toBe(false);
    two.resolve("second");
    await flights.settled();
  });
});

describe("join()", () => {
  it("ends as the run does", async () => {
    const refusal = new StorageError("down");
    expect(await join(Promise.resolve("done"), 1_000)).toBe("done");
    expect(await rejectionOf(join(Promise.reject(refusal), 1_000))).toBe(refusal);
  });

  it("has lost a run that rejects with an error that is none of ours, or is silent past the limit", async () => {
    expect(await join(Promise.reject(new Error("This request has since ended")), 60_000)).toBe(lost);
    expect(await join(new Promise(() => undefined), 1)).toBe(lost);
  });

  it("rejects with the reason of a signal that fires first", async () => {
    const leaving = createStopSource();
    const joined = rejectionOf(join(new Promise(() => undefined), 60_000, [leaving.signal]));
    leaving.stop("gone");
    expect(await joined).toBe("gone");
  });
});

describe("joinOrStart()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const silent = (): Promise<never> => new Promise(() => undefined);

  it("starts a run that later callers join", async () => {
    const flights = createSingleFlight<string>();
    const run = deferred<string>();
    const all = [1, 2].map(() => joinOrStart(flights, "ann", () => run.promise, { limitMs: 60_000 }));
    run.resolve("done");
    expect(await Promise.all(all)).toEqual(["done", "done"]);
    expect(flights.current("ann")).toBeUndefined();
  });

  it("starts one in place of a run that is lost, for all who had joined that, and waits for it no more", async () => {
    const flights = createSingleFlight<string>();
    void flights.start("ann", silent);
    const run = deferred<string>();
    let runs = 0;
    const start = (): Promise<string> => {
      runs++;
      return run.promise;
    };
    const all = [1, 2].map(() => joinOrStart(flights, "ann", start, { limitMs: 1 }));
    await vi.advanceTimersByTimeAsync(1);
    run.resolve("done");
    expect(await Promise.all(all)).toEqual(["done", "done"]);
    await flights.settled();
    expect(runs).toBe(1);
  });

  it("starts one after two that are lost, although a third is under way", async () => {
    const flights = createSingleFlight<string>();
    void flights.start("ann", silent);
    // The first starts a run in place of the lost one, and the second in place of that.
    for (const run of [silent, silent]) void joinOrStart(flights, "ann", run, { limitMs: 1 });
    let found: Promise<string> | undefined;
    const run = async (): Promise<string> => {
      found = flights.current("ann");
      return "own";
    };
    const joined = joinOrStart(flights, "ann", run, { limitMs: 1 });
    await vi.advanceTimersByTimeAsync(2);
    expect(await joined).toBe("own");
    expect(found).toBeDefined();
  });
});

describe("createTurns()", () => {
  it("runs one after the other for a key, in the order of asking, also after a failure", async () => {
    const inTurn = createTurns(15_000);
    const first = deferred();
    const order: string[] = [];
    const turns = [
      inTurn("ann", async () => {
        await first.promise;
        order.push("first");
        throw new Error("failed");
      }),
      inTurn("ann", async () => void order.push("second")),
      inTurn("ann", async () => void order.push("third")),
    ];
    first.resolve();
    expect((await Promise.allSettled(turns)).map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(order).toEqual(["first", "second", "third"]);
  });

  it("lets other keys pass", async () => {
    const inTurn = createTurns(15_000);
    const first = deferred();
    const waiting = inTurn("ann", () => first.promise);
    expect(await inTurn("bob", async () => "bob")).toBe("bob");
    first.resolve();
    await waiting;
  });
});

describe("createRunningWork()", () => {
  it("waits for all that runs, whatever comes of it", async () => {
    const work = createRunningWork(createStopSource().signal);
    const ended: string[] = [];
    const end = deferred();
    const long = work.run(async () => {
      await end.promise;
      ended.push("long");
    });
    const failed = work.run(() => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    const settled = work.settled().then(() => ended.push("settled"));
    end.resolve();
    await Promise.all([long, settled]);
    expect(ended).toEqual(["long", "settled"]);
  });

  it("begins nothing once its owner has closed", async () => {
    const closing = createStopSource();
    const work = createRunningWork(closing.signal);
    closing.stop(new Error("closed"));
    let begun = 0;
    await expect(work.run(async () => ++begun)).rejects.toThrow("closed");
    expect(begun).toBe(0);
  });
});
