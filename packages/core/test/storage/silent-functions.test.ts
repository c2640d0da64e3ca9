import { configStorage } from "../../src/config/config-storage.ts";
import { type KeyProvider, createRecordCipher } from "../../src/storage/encryption.ts";
import { never, watch } from "./silence.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const bytes = new TextEncoder().encode("{}");
const silent = { code: "storage_failed", transient: true, action: "retry" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a loadConfig() that never ends", () => {
  it("fails what asked for it after ten seconds, and holds up nothing after that", async () => {
    let config: unknown;
    const loadConfig = vi
      .fn<() => unknown>(() => config)
      .mockImplementationOnce(never)
      .mockImplementationOnce(never);
    const storage = configStorage({ loadConfig, saveConfig: (saved) => void (config = saved) });
    const reading = watch(storage.get("ann"));
    const writing = watch(storage.compareAndSwap("ann", null, bytes, { version: "v1" }));
    await vi.advanceTimersByTimeAsync(9_999);
    expect([reading.ended, writing.ended]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    const told = {
      ...silent,
      message: expect.stringMatching(/^loadConfig did not answer within 10 s\..*Try again/),
    };
    expect(await reading.rejection).toMatchObject(told);
    expect(await writing.rejection).toMatchObject(told);
    expect(config).toBeUndefined();
    expect(await storage.compareAndSwap("ann", null, bytes, { version: "v2" })).toEqual({ ok: true });
  });
});

describe("a saveConfig() that never ends", () => {
  it("is overtaken by no later write, which it could undo", async () => {
    const saved: unknown[] = [];
    const saveConfig = (config: { readonly version?: unknown }): Promise<void> => {
      saved.push(config.version);
      return never();
    };
    const storage = configStorage({ loadConfig: () => undefined, saveConfig });
    const writing = ["v1", "v2"].map((version) =>
      watch(storage.compareAndSwap("ann", null, bytes, { version })),
    );
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(writing.map(({ ended }) => ended)).toEqual([false, false]);
    expect(saved).toEqual(["v1"]);
  });

  it("does not keep the storage from closing", async () => {
    const storage = configStorage({ loadConfig: () => undefined, saveConfig: never });
    watch(storage.compareAndSwap("ann", null, bytes, { version: "v1" }));
    const closing = watch(storage.close());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await closing.rejection).toMatchObject({
      ...silent,
      message: expect.stringMatching(/^saveConfig did not answer/),
    });
  });
});

describe("a key provider that never answers", () => {
  it("fails what needs the key after a minute, and is asked again by the next", async () => {
    const keys = { current: "k1", keys: { k1: new Uint8Array(32) } };
    const provider = vi.fn<KeyProvider>(async () => keys).mockImplementationOnce(never);
    const cipher = createRecordCipher({ provider });
    const sealing = watch(cipher.seal("ann", bytes));
    await vi.advanceTimersByTimeAsync(59_999);
    expect(sealing.ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await sealing.rejection).toMatchObject({
      ...silent,
      message: expect.stringMatching(/^The encryption key provider did not answer within 60 s/),
    });
    expect((await cipher.seal("ann", bytes)).byteLength).toBeGreaterThan(0);
  });
});
