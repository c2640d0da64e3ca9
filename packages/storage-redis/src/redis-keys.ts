import { hash } from "node:crypto";
import { InvalidOptionsError, StorageError } from "@bitbucket-auth/core";

/** The names in Redis that belong to one storage key. All share a hash tag, so a cluster keeps them on one node. */
export interface EntryNames {
  readonly record: string;
  readonly lease: string;
  readonly fence: string;
  /** The channel on which changes are published. */
  readonly channel: string;
}

/** Names everything below one prefix. */
export interface RedisKeys {
  of(key: string): EntryNames;
  /** A SCAN pattern that matches the records of this prefix and of no other. */
  readonly records: string;
}

/** So many keys keep their names, because a hash for each read costs as much as the rest of it. */
const mostKnownNames = 10_000;

/** Names keys `prefix:{hash}:what`: of fixed length, and safe whatever the storage key contains. */
export function redisKeys(prefix: string, clientPrefix: string): RedisKeys {
  if (typeof prefix !== "string" || !/^[^{}]+$/.test(prefix)) {
    throw new InvalidOptionsError(
      "`prefix` must not be empty or contain braces: Redis Cluster reads them as a hash tag.",
    );
  }
  const known = new Map<string, EntryNames>();
  const named = (key: string): EntryNames => {
    assertText("key", key);
    const name = `${prefix}:{${hash("sha256", key, "base64url")}}:`;
    return {
      record: `${name}rec`,
      lease: `${name}lease`,
      fence: `${name}fence`,
      channel: `${clientPrefix}${name}ch`,
    };
  };
  return {
    of(key) {
      const found = known.get(key);
      if (found) return found;
      const names = named(key);
      if (known.size >= mostKnownNames) known.clear();
      known.set(key, names);
      return names;
    },
    records: `${`${clientPrefix}${prefix}`.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}:{*}:rec`,
  };
}

/** Refuses what no two backends keep apart alike: as bytes, every lone surrogate is the same U+FFFD. */
export function assertText(name: string, text: string): void {
  if (/[\0\p{Surrogate}]/u.test(text))
    throw new StorageError(`The ${name} holds NUL or a lone surrogate. Use well-formed text.`, {
      action: "fix_config",
    });
}
