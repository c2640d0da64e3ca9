import type { TokenStorage } from "@bitbucket-auth/core";
import type { RedisClient, RedisStorageOptions } from "../src/index.ts";
import { listedKeys } from "./listed-keys.ts";
import { patientStorage } from "./patient-storage.ts";
import { until } from "./redis-topologies.ts";

/** Bytes that are no text in any encoding. */
const binary = Uint8Array.from({ length: 256 }, (_, index) => 255 - index);

/**
 * What one client makes of every call of the contract, over enough keys to meet each node of a cluster. The same for
 * every client: `expectedOfEveryCall`.
 */
export async function everyCall(
  client: RedisClient,
  options: Partial<RedisStorageOptions> = {},
): Promise<unknown> {
  const storage = patientStorage({ client, ...options });
  const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
  try {
    const written = await Promise.all(
      keys.map((key) => storage.compareAndSwap(key, null, binary, { version: "v1" })),
    );
    const read = await Promise.all(keys.map((key) => storage.get(key)));
    const conflict = await storage.compareAndSwap("key-0", null, binary, { version: "v2" });
    const taken = await Promise.all(
      keys.map((key) => storage.tryLease(key, { owner: "alice", ttlMs: 60_000 })),
    );
    const leases = taken.flatMap((lease) => lease ?? []);
    const refused = await storage.tryLease("key-0", { owner: "bob", ttlMs: 60_000 });
    const renewed = await Promise.all(leases.map((lease) => lease.renew(60_000)));
    for (const lease of leases) await lease.release();
    const deleted = await storage.delete("key-0", { version: "gone" });
    const overTombstone = await storage.compareAndSwap("key-0", "v1", binary, { version: "v2" });
    const listed = (await listedKeys(storage, "key-")).length;
    if (storage.watch) await hearsOfRelease(storage);
    return {
      written: written.filter(({ ok }) => ok).length,
      read: read.filter(
        (entry) => entry?.version === "v1" && binary.every((byte, index) => byte === entry.bytes[index]),
      ).length,
      conflict,
      refused,
      renewed: renewed.filter(Boolean).length,
      deleted,
      overTombstone,
      listed,
    };
  } finally {
    await storage.close();
  }
}

export const expectedOfEveryCall = {
  written: 12,
  read: 12,
  conflict: { ok: false, current: "v1" },
  refused: null,
  renewed: 12,
  deleted: true,
  overTombstone: { ok: false, current: "gone", deleted: true },
  listed: 11,
};

async function hearsOfRelease(storage: TokenStorage): Promise<void> {
  let heard = false;
  const stop = storage.watch?.("key-1", () => {
    heard = true;
  });
  await until("a notice of a release", async () => {
    await (await storage.tryLease("key-1", { owner: "alice", ttlMs: 60_000 }))?.release();
    return heard;
  });
  stop?.();
}
