import { describe, expect, it } from "vitest";
import { createSqlStorage, type GenericSqlClient } from "../src/index.ts";

const bytes = new Uint8Array(1);

/** MySQL as it answers: writes by what `affected` says, reads by `standing`, one after another. */
function answering(affected: readonly number[], standing: readonly (readonly unknown[])[]) {
  const [writes, reads] = [[...affected], [...standing]];
  const client: GenericSqlClient = {
    dialect: "mysql",
    async execute(sql) {
      if (!sql.startsWith("SELECT version"))
        return { rows: [], affected: sql.includes("DELETE") ? 0 : writes.shift() };
      const row = reads.shift();
      return { rows: row ? [row] : [] };
    },
  };
  return createSqlStorage({ client, onWarning: () => undefined });
}

describe("a write to MySQL that neither happened nor was refused", () => {
  it("is made again when what it expects stands there now", async () => {
    const storage = answering([0, 1], [["v1", 0]]);
    expect(await storage.compareAndSwap("k", "v1", bytes, { version: "v2" })).toEqual({ ok: true });
  });

  it("is made again when what stood in its way is gone", async () => {
    const storage = answering([2, 1], []);
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v1" })).toEqual({ ok: true });
  });

  it("is given up when that goes on, and a replica is suspected", async () => {
    const storage = answering(
      Array.from({ length: 20 }, () => 0),
      Array.from({ length: 20 }, () => ["v1", 0]),
    );
    const write = storage.compareAndSwap("k", "v1", bytes, { version: "v2" });
    await expect(write).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringContaining("replica"),
    });
  });

  it("happened when its own version stands there", async () => {
    const storage = answering([2], [["v1", 0]]);
    expect(await storage.compareAndSwap("k", null, bytes, { version: "v1" })).toEqual({ ok: true });
  });
});
