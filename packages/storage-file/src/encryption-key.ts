import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isBitbucketAuthError, StorageError, type EncryptionKeys, type Lease } from "@bitbucket-auth/core";
import {
  createPlace,
  fileSystemNow,
  isBeingWritten,
  keepNames,
  type Place,
  publishDraft,
  withDraft,
} from "./atomic-file.js";
import { obstacleError, parseJsonObject, shellQuote } from "./file-system.js";
import {
  ensurePrivateDirectory,
  foreignWriteBits,
  keyFileName,
  readPrivateFile,
  type FileAccess,
} from "./private-access.js";

/**
 * The key of this program's records, made when there is none yet. `onMade` is told of a key that was made, and where.
 *
 * Processes that start together agree on one key, because only one of them can give its file the name. A key file that
 * cannot be read is never replaced: a new key would lock every record there is.
 */
export async function loadKeyFile(
  access: FileAccess,
  directory: string,
  onMade: (path: string) => Promise<void> = async () => {},
): Promise<EncryptionKeys> {
  // Note: other things of the program may live here, so others may look in; the key file itself is 0600.
  await ensurePrivateDirectory(access, directory, foreignWriteBits);
  const path = join(directory, keyFileName);
  const place = createPlace(access, directory);
  const kept = await readKeyFile(place, path);
  if (kept !== undefined) return soundKey(path, kept);

  const isOurs = await withDraft(place, { content: newKeyRecord(), durable: true }, (draft) =>
    publishDraft(place, draft, path),
  );
  await keepNames(place, directory);
  const keys = soundKey(path, (await readKeyFile(place, path)) ?? "");
  if (isOurs) await onMade(path);
  return keys;
}

/** The text of the key file, if there is one; of one that another process is writing, when it has been written. */
async function readKeyFile(place: Place, path: string): Promise<string | undefined> {
  for (;;) {
    const found = await readPrivateFile(place.access, path);
    if (!found || parseKeyRecord(found.text)) return found?.text;
    // Note: where nothing can be written to ask for the time, no process is writing a key either.
    const now = await fileSystemNow(place).catch(() => Number.NaN);
    if (!(await isBeingWritten(place, found.mtimeMs, now))) return found.text;
    await pause(pollMs);
  }
}

const pollMs = 20;

function soundKey(path: string, text: string): EncryptionKeys {
  const keys = parseKeyRecord(text);
  if (keys) return { ...keys, origin: path };
  throw obstacleError({
    problem: `The encryption key in ${path} is damaged, and without it no record can be opened.`,
    command: `put it back from a backup; or mv ${shellQuote(path)} ${shellQuote(`${path}.damaged`)}, and every user signs in again`,
  });
}

const keyFormat = "bitbucket-auth-key-1";

/** A fresh key of 32 random bytes, as text to keep. */
export function newKeyRecord(): string {
  const id = `own-${randomBytes(4).toString("hex")}`;
  return JSON.stringify({
    format: keyFormat,
    current: id,
    keys: { [id]: randomBytes(32).toString("base64") },
  });
}

/** Reads it back. `null`: it is not a key record, or a key in it is not one of 32 bytes. */
export function parseKeyRecord(text: string): EncryptionKeys | null {
  const { format: foundFormat, current, keys } = parseJsonObject(text) ?? {};
  if (foundFormat !== keyFormat || typeof current !== "string" || typeof keys !== "object" || keys === null)
    return null;
  const decoded = Object.entries(keys).map(([id, key]): [string, Uint8Array] => [
    id,
    typeof key === "string" ? new Uint8Array(Buffer.from(key, "base64")) : new Uint8Array(),
  ]);
  const isSound = decoded.every(([, key]) => key.length === 32) && decoded.some(([id]) => id === current);
  return isSound ? { current, keys: Object.fromEntries(decoded) } : null;
}

/** One secret in the operating system's keyring. */
export interface KeyringEntry {
  getPassword(signal?: AbortSignal): Promise<string | null | undefined>;
  setPassword(password: string, signal?: AbortSignal): Promise<unknown>;
}

/** Opens the entry of a program. Loads the native module, so it may reject. */
export type OpenKeyringEntry = (service: string, name: string) => Promise<KeyringEntry>;

/**
 * The keyring of this machine, through the optional peer `@napi-rs/keyring`.
 *
 * No bundler may follow this import: without the package the build would fail, and with it there would be a native file
 * for which it has no loader. The package is found at run time, in the `node_modules` of the program.
 */
export const openNativeEntry: OpenKeyringEntry = async (service, name) => {
  const loaded: unknown = await import(/* webpackIgnore: true */ /* @vite-ignore */ nativePackage);
  if (!hasAsyncEntry(loaded)) throw new TypeError(`${nativePackage} has no AsyncEntry`);
  return new loaded.AsyncEntry(service, name);
};

const nativePackage: string = "@napi-rs/keyring";

function hasAsyncEntry(
  loaded: unknown,
): loaded is { readonly AsyncEntry: new (service: string, name: string) => KeyringEntry } {
  return (
    typeof loaded === "object" && loaded !== null && typeof Reflect.get(loaded, "AsyncEntry") === "function"
  );
}

/** A Secret Service without a desktop can wait forever for a user to unlock it. */
const keyringTimeoutMs = 3_000;
const leaseMs = 30_000;
const keyringTurns = 200;

/**
 * The key of this program's records from the OS keyring, made when there is none yet.
 *
 * The keyring holds the 32-byte key and never a token: Windows takes 2,560 bytes, a pair of tokens is twice that. A keyring has
 * no compare-and-swap, so a lease decides who makes the key. When the keyring cannot be used this rejects: it never falls
 * back to a key in a file.
 */
export async function loadKeyringKey(
  appName: string,
  {
    openEntry,
    tryLease,
    waitMs = keyringTimeoutMs,
    onMade = async () => {},
  }: {
    readonly openEntry: OpenKeyringEntry;
    readonly tryLease: (ttlMs: number) => Promise<Lease | null>;
    readonly waitMs?: number;
    readonly onMade?: () => Promise<void>;
  },
): Promise<EncryptionKeys> {
  const entry = await inTime(waitMs, () => openEntry(appName, "encryption-key"));
  for (let turn = 0; turn < keyringTurns; turn += 1) {
    const kept = await inTime(waitMs, (signal) => entry.getPassword(signal));
    if (kept) return soundKeyringKey(kept);
    const lease = await tryLease(leaseMs);
    if (!lease) {
      await pause(50);
      continue;
    }
    if (!(await inTime(waitMs, (signal) => entry.getPassword(signal)))) {
      await inTime(waitMs, (signal) => entry.setPassword(newKeyRecord(), signal));
      await onMade();
    }
    // Note: not after a failure. A write that came too late may still happen, so no other process may make a key now.
    await lease.release();
  }
  throw unusable("Another process is making the key and has not finished");
}

async function inTime<T>(waitMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), waitMs);
  const timeout = new Promise<never>((_, reject) => {
    late.signal.addEventListener("abort", () => reject(unusable(`It did not answer within ${waitMs} ms`)));
  });
  try {
    return await Promise.race([timeout, call(late.signal)]);
  } catch (cause) {
    // Note: only the name is passed on, because the keyring may quote what it holds.
    throw isBitbucketAuthError(cause) ? cause : unusable(nameOf(cause));
  } finally {
    clearTimeout(timer);
  }
}

function nameOf(cause: unknown): string {
  const name: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "name") : undefined;
  return typeof name === "string" ? name : typeof cause;
}

function soundKeyringKey(text: string): EncryptionKeys {
  const keys = parseKeyRecord(text);
  if (keys) return { ...keys, origin: "the keyring of this machine" };
  throw unusable("What it holds for this program is not a key");
}

function unusable(reason: string): StorageError {
  return new StorageError(
    `The keyring of this machine cannot be used (${reason}). Unlock it, or install the optional package ` +
      "@napi-rs/keyring if it is missing, or leave out `keyring` to keep the key in a file of its own.",
    { action: "fix_config" },
  );
}
