import type { RedisConnection } from "./redis-connection.js";
import type { RedisKeys } from "./redis-keys.js";
import { asList, asText } from "./redis-reply.js";

/** Yields the storage keys of all live records that start with `start`, from every primary, each once. */
export async function* listRecords(
  connection: Pick<RedisConnection, "keyPrefix" | "primaries" | "to">,
  { records }: RedisKeys,
  start: string,
  bounded: <T>(run: (signal: AbortSignal) => Promise<T>) => Promise<T>,
): AsyncGenerator<string, void, undefined> {
  const seen = new Set<string>();
  for (const scan of await bounded(() => connection.primaries())) {
    let cursor = "0";
    do {
      const page = asList(
        await bounded(() => scan(["SCAN", cursor, "MATCH", records, "COUNT", "500", "TYPE", "hash"])),
      );
      cursor = asText(page[0]) ?? "0";
      const names = asList(page[1]).map((name) => (asText(name) ?? "").slice(connection.keyPrefix.length));
      const keys = await bounded((signal) =>
        Promise.all(names.map((name) => connection.to(name, signal)(["HGET", name, "k"]))),
      );
      for (const key of keys.map(asText)) {
        if (key === null || !key.startsWith(start) || seen.has(key)) continue;
        seen.add(key);
        yield key;
      }
    } while (cursor !== "0");
  }
}
