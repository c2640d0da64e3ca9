import { hash } from "node:crypto";
import { InvalidOptionsError, StorageError } from "@bitbucket-auth/core";

/** The names in Redis that belong to one storage key. All share a hash tag, so a cluster keeps them on one node. */
export interface EntryNames {
  readonly record: string;
  readonly lease: string;
  readonly fence: string;
  /** The channel on which changes are told. */
  readonly channel: string;
}

/** Names everything below one prefix. */
export interface RedisKeys {
  of(key: string): EntryNames;
  /** A SCAN pattern that matches the records of this prefix and of no other. */
  readonly records: string;
}

/** Names keys `prefix:{hash}:what`: of fixed length, and safe whatever the storage key contains. */
export function redisKeys(prefix: string, clientPrefix: string): RedisKeys {
  if (typeof prefix !== "string" || !/^[^{}]+$/.test(prefix)) {
    throw new InvalidOptionsError(
      "`prefix` must not be empty or contain braces: Redis Cluster reads them as a hash tag.",
    );
  }
  return {
    of(key) {
      // Note: as bytes, every lone surrogate is the same U+FFFD.
      if (/\p{Surrogate}/u.test(key)) {
        throw new StorageError(
          "A storage key is not well-formed Unicode (a lone surrogate). Choose another.",
          {
            action: "fix_config",
          },
        );
      }
      const name = `${prefix}:{${hash("sha256", key, "base64url")}}:`;
      return {
        record: `${name}rec`,
        lease: `${name}lease`,
        fence: `${name}fence`,
        channel: `${clientPrefix}${name}ch`,
      };
    },
    records: `${`${clientPrefix}${prefix}`.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}:{*}:rec`,
  };
}
