import { isBitbucketAuthError } from "../errors.js";
import { listKeys } from "./list-keys.js";
import type { RecordStore } from "./record-store.js";

/** What `rekey` did. The old key can be thrown away when the last two are 0. */
export interface RekeyReport {
  readonly rewritten: number;
  /** Records that others kept writing meanwhile, perhaps with the old key: run it again. */
  readonly overtaken: number;
  /** Records that do not open with any key there is. They were left as they are. */
  readonly unreadable: number;
}

/** How often one record is tried again because somebody else wrote it. */
const tries = 3;

/** Seals every record again with the current key. Readers and refreshes go on meanwhile, and nobody's write is lost. */
export async function rekeyRecords(
  store: RecordStore,
  prefix: string,
  onProgress?: (report: RekeyReport) => void,
): Promise<RekeyReport> {
  const report = { rewritten: 0, overtaken: 0, unreadable: 0 };
  for await (const key of listKeys(store.storage, prefix, "rekey()")) {
    const outcome = await rekeyRecord(store, key);
    if (outcome) report[outcome]++;
    onProgress?.({ ...report });
  }
  return report;
}

async function rekeyRecord(store: RecordStore, key: string): Promise<keyof RekeyReport | undefined> {
  try {
    for (let attempt = 0; attempt < tries; attempt++) {
      const stored = await store.read(key);
      if (!stored) return undefined;
      const written = await store.replace(key, stored.version, stored.record);
      if (written.ok) return "rewritten";
    }
    return "overtaken";
  } catch (error) {
    if (isBitbucketAuthError(error) && error.code === "record_unreadable") return "unreadable";
    throw error;
  }
}
