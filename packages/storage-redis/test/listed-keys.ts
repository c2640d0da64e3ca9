import type { TokenStorage } from "@bitbucket-auth/core";

/** Every key that a storage lists, as it comes. */
export async function listedKeys(storage: TokenStorage, prefix = ""): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of storage.list?.(prefix) ?? []) keys.push(key);
  return keys;
}
