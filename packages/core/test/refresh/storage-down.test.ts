import { createAuthUnderTest, expired, fails, keyOf, minute, storageDown } from "../auth-under-test.ts";
import { rejectionOf, until } from "../promises.ts";
import { afterEach, describe, expect, it, vi } from "vitest";

const failed = { code: "storage_failed", transient: true };

afterEach(() => {
  vi.useRealTimers();
});

describe("a storage that cannot be reached", () => {
  it("does not keep a good token in memory from being served, which is told", async () => {
    const test = createAuthUnderTest();
    const storageFailed = test.hear("storageFailed");
    await test.store();
    await test.auth.getAccessToken("ann");
    test.clock.move(minute);
    test.script("get", storageDown);
    expect(await test.auth.getAccessToken("ann")).toBe("access-1");
    expect(storageFailed).toMatchObject([{ account: "ann" }]);
  });

  it("is asked again at the next call", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    await test.store({ accessToken: "access-2" });
    test.clock.move(minute);
    test.script("get", storageDown);
    await test.auth.getAccessToken("ann");
    expect(await test.auth.getAccessToken("ann")).toBe("access-2");
  });

  it("fails a caller that needs more than memory has, and nothing is sent", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    test.clock.move(minute);
    test.script("get", ...fails(2));
    const rejecting = test.auth.getAccessToken("ann", { rejected: "access-1" });
    expect(await rejectionOf(rejecting)).toMatchObject(failed);
    test.clock.move(119 * minute);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(failed);
    expect(test.sent()).toEqual([]);
  });

  it("fails a caller of an account that was never seen, which is not called signed out", async () => {
    const test = createAuthUnderTest();
    test.script("get", storageDown);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(failed);
    expect(test.events).not.toContain("storageFailed");
  });

  it("keeps a refresh from being announced, and nothing is sent: the refresh token stays good", async () => {
    const test = createAuthUnderTest();
    const told = test.hear("failed");
    await test.store(expired);
    test.script("compareAndSwap", ...fails(2));
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject(failed);
    expect(test.sent()).toEqual([]);
    expect(told).toMatchObject([{ account: "ann", code: "storage_failed" }]);
  });

  it("never shows what it threw: its message may hold the record", async () => {
    const test = createAuthUnderTest();
    test.script("get", { before: new RangeError("GET of redis://:pw@host failed for access-1") });
    const error = await rejectionOf(test.auth.getAccessToken("ann"));
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/pw|access-1/);
  });
});

describe("a storage that is silent", () => {
  it("fails a caller after ten seconds, with an error that says that it may be tried again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const test = createAuthUnderTest();
    test.storage.get = () => new Promise(() => undefined);
    let error: unknown;
    void test.auth.getAccessToken("ann").catch((thrown: unknown) => (error = thrown));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(error).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await until(() => error !== undefined);
    expect(error).toMatchObject(failed);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a record that can no longer be read", () => {
  it("ends what memory serves, and is left as it is", async () => {
    const test = createAuthUnderTest();
    await test.store();
    await test.auth.getAccessToken("ann");
    const { version = null } = (await test.storage.get(keyOf())) ?? {};
    const bytes = new TextEncoder().encode("no record");
    await test.storage.compareAndSwap(keyOf(), version, bytes, { version: "broken" });
    test.clock.move(minute);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code: "record_unreadable" });
    test.script("get", storageDown);
    expect(await rejectionOf(test.auth.getAccessToken("ann"))).toMatchObject({ code: "storage_failed" });
    expect((await test.storage.get(keyOf()))?.bytes).toEqual(bytes);
  });
});
