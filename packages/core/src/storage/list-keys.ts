import { InvalidOptionsError } from "../errors.js";
import { longCallMs, storageCall } from "./storage-call.js";
import type { TokenStorage } from "./token-storage.js";

/**
 * The keys of live entries that start with `prefix`, for `who`. Rejects with `InvalidOptionsError` when the storage cannot list,
 * and with `StorageError` when it fails or takes more than a minute from one key to the next.
 */
export async function* listKeys(
  storage: Pick<TokenStorage, "list">,
  prefix: string,
  who: string,
): AsyncGenerator<string> {
  if (!storage.list) {
    throw new InvalidOptionsError(`${who} needs a storage that can list its keys, and this one cannot.`);
  }
  const keys = storage.list(prefix)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await storageCall(() => keys.next(), { limitMs: longCallMs });
      if (step.done) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a storage that is silent does not let go either.
    Promise.resolve(keys.return?.()).catch(() => undefined);
  }
}
