import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSqlStorage, createTables } from "@bitbucket-auth/storage-sql";
import { runStorm, startStorm } from "@bitbucket-auth/testing/storm";
import BetterSqlite3 from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { allCaught, killAtEveryStep } from "./kills.ts";
import { sqlDatabases, withSqlDatabase } from "./sql-database.ts";
import { storageWorker, withStormStorage } from "./storm-storage.ts";

const crowd = { processes: 8, callers: 20 };
const everyCaller = crowd.processes * crowd.callers;

describe.each(sqlDatabases)("a storm of 8 processes with 20 callers on %s", (name) => {
  it("sends one request per expiry and serves every caller", async () => {
    const expiries = name === "pg" ? 50 : 20;

    const storm = await withStormStorage(name, (settings) =>
      runStorm({ ...crowd, expiries, worker: storageWorker, settings, profile: "strict" }),
    );

    console.log(`${name}:`, JSON.stringify(storm));
    expect(storm).toMatchObject({
      tokenRequests: expiries,
      reuse: 0,
      grantsLost: 0,
      served: everyCaller * expiries,
      failed: 0,
      unhandledRejections: 0,
    });
  });
});

describe.each(sqlDatabases.filter((name) => name === "pg" || name === "mysql2"))(
  "a database that is restarted: %s",
  (name) => {
    it("loses no grant and fails no caller, 10 times in the middle of a refresh", async () => {
      const encryptionKey = randomBytes(32).toString("base64");
      await withSqlDatabase(name, async ({ settings, restart }) => {
        const storm = await startStorm({
          ...crowd,
          worker: storageWorker,
          settings: { ...settings, encryptionKey },
          latencyMs: 500,
          profile: "strict",
        });
        try {
          for (let round = 0; round < 10; round += 1) {
            await storm.advance("121m");
            const [answers] = await Promise.all([
              storm.ask(),
              restart?.(round % 2 === 0 ? "fast" : "immediate"),
            ]);
            if (answers.failed > 0) console.log(`${name}:`, JSON.stringify(answers).slice(0, 600));
            expect(answers).toMatchObject({ served: everyCaller, failed: 0, unhandledRejections: 0 });
          }
          const sent = await storm.bitbucket.requests.count("token:refresh_token");
          console.log(`${name}: ${sent} requests in 10 expiries over 10 restarts`);
          expect(sent).toBe(10);
          expect(await storm.bitbucket.reuseCount()).toBe(0);
        } finally {
          await storm.stop();
        }
      });
    });
  },
);

describe.each(sqlDatabases.filter((name) => name === "pg" || name === "better-sqlite3"))(
  "processes killed in the middle of 30 refreshes: %s",
  (name) => {
    it("lose no grant and fail no other caller when Bitbucket has a leeway", async () => {
      const storm = await killAtEveryStep(name, { seed: 0, seeds: 30, profile: "cloud-2026" });

      console.log(`${name}:`, JSON.stringify(storm));
      expect(allCaught(storm)).toBe(30);
      expect(storm).toMatchObject({ grantsLost: 0, failed: 0, reuse: 0, unhandledRejections: 0 });
    });
  },
);

describe("a disk of 1 MB that is full", () => {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) console.warn("SKIPPED: only root can mount a small disk to fill it.");

  it.runIf(isRoot)("loses nothing that SQLite had acknowledged, and goes on when there is room", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bitbucket-auth-full-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
    onTestFinished(async () => {
      if (mounted.status === 0) spawnSync("umount", [folder]);
      await rm(folder, { recursive: true, force: true });
    });
    if (mounted.status !== 0) {
      console.warn("SKIPPED: this root may not mount a disk.");
      return;
    }
    const client = new BetterSqlite3(join(folder, "tokens.db"), { timeout: 500 });
    client.pragma("journal_mode = WAL");
    client.pragma("synchronous = FULL");
    await createTables({ client });
    const storage = createSqlStorage({ client, deadlineMs: 500 });
    const content = new Uint8Array(8_000).fill(7);
    await storage.compareAndSwap("k", null, content, { version: "v0" });
    const ballast = join(folder, "ballast");
    await writeFile(ballast, new Uint8Array(2_000_000)).catch(() => undefined);
    let saved = "v0";
    const failures: unknown[] = [];
    for (let nth = 1; nth <= 50; nth += 1) {
      const write = storage.compareAndSwap("k", saved, content.fill(nth), { version: `v${nth}` });
      await write.then(
        () => (saved = `v${nth}`),
        (error: unknown) => failures.push(error),
      );
    }
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures)
      expect(failure).toMatchObject({ code: "storage_failed", action: "fix_config" });
    expect((await storage.get("k"))?.version).toBe(saved);
    await rm(ballast);
    expect(await storage.compareAndSwap("k", saved, content, { version: "after" })).toEqual({ ok: true });
    client.close();
  });
});
