import { describe, expect, it } from "vitest";
import { createGrantCache, type GrantCache } from "../../src/refresh/grant-cache.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import { createServerClock } from "../../src/refresh/server-clock.ts";
import { activeRecord, movableClock, startOfTest, type MovableClock } from "./refresh-under-test.ts";

const minute = 60_000;
const none = { minValidityMs: 0 };
const policy = refreshPolicy({ jitterMs: 0 }, () => 0);

function cacheUnderTest(): { readonly cache: GrantCache; readonly clock: MovableClock } {
  const clock = movableClock();
  return {
    cache: createGrantCache(
      createServerClock(clock, () => undefined),
      policy,
    ),
    clock,
  };
}

describe("createGrantCache()", () => {
  it("knows nothing at first", () => {
    const { cache } = cacheUnderTest();
    expect([cache.accessToken("ann"), cache.get("ann"), cache.usable("ann", none)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("answers with one and the same promise, so that a cached token costs nothing", async () => {
    const { cache } = cacheUnderTest();
    cache.put("ann", activeRecord());
    expect(cache.accessToken("ann")).toBe(cache.accessToken("ann"));
    expect(await cache.accessToken("ann")).toBe("access-1");
    expect(cache.accessToken("bob")).toBeUndefined();
  });

  it("serves a record for a minute, after which the storage is asked again", () => {
    const { cache, clock } = cacheUnderTest();
    cache.put("ann", activeRecord());
    clock.move(minute - 1);
    expect(cache.accessToken("ann")).toBeDefined();
    expect(cache.usable("ann", none)).toBeDefined();
    clock.move(1);
    expect(cache.accessToken("ann")).toBeUndefined();
    expect(cache.usable("ann", none)).toBeUndefined();
    expect(cache.get("ann")?.record).toEqual(activeRecord());
  });

  it("does not serve a token without a second thought once it is due, but still finds it usable", () => {
    const { cache } = cacheUnderTest();
    const due = activeRecord({
      obtainedAt: startOfTest - 110 * minute,
      accessExpiresAt: startOfTest + 10 * minute,
    });
    cache.put("ann", due);
    expect(cache.accessToken("ann")).toBeUndefined();
    expect(cache.usable("ann", none)).toEqual(due);
  });

  it("finds neither an expired nor a rejected token usable", () => {
    const { cache } = cacheUnderTest();
    cache.put("ann", activeRecord());
    cache.put("bob", activeRecord({ accessExpiresAt: startOfTest }));
    expect(cache.usable("ann", { ...none, rejected: "access-1" })).toBeUndefined();
    expect(cache.usable("bob", none)).toBeUndefined();
  });

  it("does not trust what it read in a future that a clock set back has undone", () => {
    const { cache, clock } = cacheUnderTest();
    cache.put("ann", activeRecord());
    clock.move(-2 * 60 * minute);
    expect(cache.accessToken("ann")).toBeUndefined();
    expect(cache.usable("ann", none)).toBeUndefined();
  });

  it("serves an unsaved record for as long as it lives: nobody else has it", () => {
    const { cache, clock } = cacheUnderTest();
    cache.put("ann", activeRecord(), { unsaved: true });
    clock.move(104 * minute);
    expect(cache.accessToken("ann")).toBeDefined();
    expect(cache.usable("ann", none)).toBeDefined();
    expect(cache.get("ann")?.unsaved).toBe(true);
    clock.move(minute);
    expect(cache.accessToken("ann")).toBeUndefined();
  });

  it("forgets what it is told to", () => {
    const { cache } = cacheUnderTest();
    cache.put("ann", activeRecord());
    cache.drop("ann");
    expect(cache.get("ann")).toBeUndefined();
  });

  it("forgets accounts that nobody asked for, and keeps recent and unsaved ones", () => {
    const { cache, clock } = cacheUnderTest();
    cache.put("unsaved", activeRecord(), { unsaved: true });
    for (let i = 0; i < 5_000; i++) cache.put(`idle-${i}`, activeRecord());
    clock.move(minute);
    cache.put("recent", activeRecord());
    clock.move(minute);
    cache.put("latest", activeRecord());
    expect(cache.get("idle-0")).toBeUndefined();
    expect(cache.get("idle-4999")).toBeUndefined();
    expect([cache.get("unsaved"), cache.get("recent"), cache.get("latest")]).not.toContain(undefined);
  });

  it("forgets none of a few accounts: while the storage is down they are all there is", () => {
    const { cache, clock } = cacheUnderTest();
    for (let i = 0; i < 1_000; i++) cache.put(`idle-${i}`, activeRecord());
    for (let turn = 0; turn < 10; turn++) {
      clock.move(minute);
      cache.put("recent", activeRecord());
    }
    expect(cache.get("idle-0")).toBeDefined();
  });

  it("serves what was saved in the end in place of what was unsaved, and the other way round", async () => {
    const { cache } = cacheUnderTest();
    cache.put("ann", activeRecord({ accessToken: "saved" }));
    cache.put("ann", activeRecord({ accessToken: "unsaved" }), { unsaved: true });
    expect(await cache.accessToken("ann")).toBe("unsaved");
    cache.put("ann", activeRecord({ accessToken: "saved at last" }));
    expect(await cache.accessToken("ann")).toBe("saved at last");
    expect(cache.get("ann")?.unsaved).toBe(false);
    cache.drop("ann");
    expect(cache.get("ann")).toBeUndefined();
  });
});
