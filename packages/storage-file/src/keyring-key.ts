import { setTimeout as pause } from "node:timers/promises";
import { StorageError, type EncryptionKeys, type Lease } from "@bitbucket-auth/core";
import { newKeyRecord, parseKeyRecord } from "./key-record.js";

/** One secret in the operating system's keyring. */
export interface KeyringEntry {
  getPassword(signal?: AbortSignal): Promise<string | null | undefined>;
  setPassword(password: string, signal?: AbortSignal): Promise<unknown>;
}

/** Opens the entry of a program. Loads the native module, so it may reject. */
export type OpenKeyringEntry = (service: string, name: string) => Promise<KeyringEntry>;

/** The keyring of this machine, through the optional peer `@napi-rs/keyring`. */
export const openNativeEntry: OpenKeyringEntry = async (service, name) => {
  const { AsyncEntry } = await import("@napi-rs/keyring");
  return new AsyncEntry(service, name);
};

/** A Secret Service without a desktop can wait for ever for somebody to unlock it. */
const timeoutMs = 3_000;
const leaseMs = 30_000;
const turns = 200;

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
    waitMs = timeoutMs,
  }: {
    readonly openEntry: OpenKeyringEntry;
    readonly tryLease: (ttlMs: number) => Promise<Lease | null>;
    readonly waitMs?: number;
  },
): Promise<EncryptionKeys> {
  const entry = await inTime(waitMs, () => openEntry(appName, "encryption-key"));
  for (let turn = 0; turn < turns; turn += 1) {
    const kept = await inTime(waitMs, (signal) => entry.getPassword(signal));
    if (kept) return soundKey(kept);
    const lease = await tryLease(leaseMs);
    if (!lease) {
      await pause(50);
      continue;
    }
    if (!(await inTime(waitMs, (signal) => entry.getPassword(signal)))) {
      await inTime(waitMs, (signal) => entry.setPassword(newKeyRecord(), signal));
    }
    // Note: not after a failure. A write that came too late may still happen, so nobody else should make a key just now.
    await lease.release();
  }
  throw unusable("Another process has been making the key for too long");
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
    // Note: only the name travels on, the keyring may quote what it holds.
    const reason = cause instanceof Error ? cause.name : typeof cause;
    throw cause instanceof StorageError ? cause : unusable(reason);
  } finally {
    clearTimeout(timer);
  }
}

function soundKey(text: string): EncryptionKeys {
  const keys = parseKeyRecord(text);
  if (keys) return keys;
  throw unusable("What it holds for this program is not a key");
}

function unusable(reason: string): StorageError {
  return new StorageError(
    `The keyring of this machine cannot be used (${reason}). Unlock it, or install the optional package ` +
      "@napi-rs/keyring if it is missing, or leave out `keyring` to keep the key in a file of its own.",
    { action: "fix_config" },
  );
}
