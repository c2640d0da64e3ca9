import { configStorage, type StoredConfig } from "../../src/config/config-storage.ts";
import { describe, expect, it } from "vitest";

const bytesOf = (record: object): Uint8Array => new TextEncoder().encode(JSON.stringify(record));

describe("a write to a config storage", () => {
  it("is not undone by the repeat of a deletion before it", async () => {
    let kept: StoredConfig | undefined;
    const storage = configStorage({ loadConfig: () => kept, saveConfig: (config) => void (kept = config) });
    await storage.compareAndSwap("ann", null, bytesOf({ refreshToken: "refresh-1" }), { version: "v1" });
    // The answer to the first is lost: core repeats the deletion, and a sign-in came in between.
    expect(await storage.delete("ann", { version: "gone" })).toBe(true);
    await storage.compareAndSwap("ann", "gone", bytesOf({ refreshToken: "refresh-2" }), { version: "v2" });
    expect(await storage.delete("ann", { version: "gone" })).toBe(true);
    expect(kept).toMatchObject({ refreshToken: "refresh-2", version: "v2" });
  });

  it("conflicts where another config was written by hand since the look at the first", async () => {
    let kept: StoredConfig = { refreshToken: "refresh-1" };
    const storage = configStorage({ loadConfig: () => kept, saveConfig: (config) => void (kept = config) });
    const seen = await storage.get("ann");
    kept = { refreshToken: "refresh-2" };
    const written = await storage.compareAndSwap(
      "ann",
      seen?.version ?? null,
      bytesOf({ refreshToken: "refresh-1" }),
      { version: "v1" },
    );
    const now = await storage.get("ann");
    expect(written).toEqual({ ok: false, current: now?.version });
    expect(kept).toEqual({ refreshToken: "refresh-2" });
  });

  it("replaces a config that was written by hand and is still the same", async () => {
    let kept: StoredConfig = { refreshToken: "refresh-1", theme: "dark" };
    const storage = configStorage({ loadConfig: () => kept, saveConfig: (config) => void (kept = config) });
    const seen = await storage.get("ann");
    kept = { theme: "light", refreshToken: "refresh-1" };
    const write = storage.compareAndSwap("ann", seen?.version ?? null, bytesOf({ n: 1 }), { version: "v1" });
    expect(await write).toEqual({ ok: true });
    expect(kept).toMatchObject({ n: 1, theme: "light" });
  });
});
