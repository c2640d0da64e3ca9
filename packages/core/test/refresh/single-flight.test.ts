import { describe, expect, it, vi } from "vitest";
import { createSingleFlight } from "../../src/refresh/single-flight.ts";

function held<T>(): { readonly run: () => Promise<T>; end(value: T): void; fail(error: Error): void } {
  let end: (value: T) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { run: () => promise, end: (value) => end(value), fail: (error) => fail(error) };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  const tick = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, tick])) !== pending;
}

describe("createSingleFlight()", () => {
  it("shows a run under its key until it ends", async () => {
    const flights = createSingleFlight<string>();
    const run = held<string>();
    const flight = flights.start("ann", run.run);
    expect(flights.current("ann")).toBe(flight);
    expect(flights.current("bob")).toBeUndefined();
    run.end("done");
    expect(await flight).toBe("done");
    expect(flights.current("ann")).toBeUndefined();
  });

  it("frees the key when a run fails, and tells whoever waits", async () => {
    const flights = createSingleFlight<string>();
    const flight = flights.start("ann", () => Promise.reject(new Error("no")));
    await expect(flight).rejects.toThrow("no");
    expect(flights.current("ann")).toBeUndefined();
  });

  it("lets a run fail that nobody waits for", async () => {
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
    const [one, two] = [held<string>(), held<string>()];
    void flights.start("ann", one.run);
    void flights.start("bob", two.run);
    const settled = flights.settled();
    one.end("done");
    expect(await isSettled(settled)).toBe(false);
    two.fail(new Error("no"));
    await settled;
  });

  it("waits for runs that begin while it settles", async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [held<string>(), held<string>()];
    void flights.start("ann", one.run).then(() => flights.start("ann", two.run));
    const settled = flights.settled();
    one.end("done");
    expect(await isSettled(settled)).toBe(false);
    two.end("done");
    await settled;
  });

  it("does not lose a run that took the key of another over", async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [held<string>(), held<string>()];
    const first = flights.start("ann", one.run);
    const second = flights.start("ann", two.run);
    one.end("first");
    await first;
    expect(flights.current("ann")).toBe(second);
    expect(await isSettled(flights.settled())).toBe(false);
    two.end("second");
    await flights.settled();
  });
});
