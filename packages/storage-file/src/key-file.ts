import { join } from "node:path";
import type { EncryptionKeys } from "@bitbucket-auth/core";
import { createPlace, publishDraft, withDraft } from "./draft.js";
import { obstacleError, shellQuote } from "./file-error.js";
import { syncDirectory, type FileSystem } from "./file-system.js";
import { newKeyRecord, parseKeyRecord } from "./key-record.js";
import { ensurePrivateDirectory, foreignWriteBits, readPrivateFile } from "./private-access.js";

/**
 * The key of this program's records, made when there is none yet.
 *
 * Processes that start together agree on one key, because only one of them can give its file the name. A key file that
 * cannot be read is never replaced: a new key would lock every record there is.
 */
export async function loadKeyFile(fs: FileSystem, directory: string): Promise<EncryptionKeys> {
  // Note: other things of the program may live here, so others may look in; the key file itself is 0600.
  await ensurePrivateDirectory(fs, directory, foreignWriteBits);
  const path = join(directory, "encryption-key.json");
  const kept = await readPrivateFile(fs, path);
  if (kept) return soundKey(path, kept.text);

  const place = createPlace(fs, directory);
  await withDraft(place, { content: newKeyRecord(), durable: true }, (draft) =>
    publishDraft(place, draft, path),
  );
  await syncDirectory(fs, directory);
  return soundKey(path, (await readPrivateFile(fs, path))?.text ?? "");
}

function soundKey(path: string, text: string): EncryptionKeys {
  const keys = parseKeyRecord(text);
  if (keys) return keys;
  throw obstacleError({
    problem: `The encryption key in ${path} is damaged, and without it no record can be opened.`,
    command: `put it back from a backup; or mv ${shellQuote(path)} ${shellQuote(`${path}.damaged`)}, and everybody signs in again`,
  });
}
