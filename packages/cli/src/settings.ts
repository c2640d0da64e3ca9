import {
  type EncryptionKeys,
  type Endpoints,
  isBitbucketAuthError,
  StorageError,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createRecordCipher, parseJson, type RecordCipher } from "@bitbucket-auth/core/internal";
import type { Consumer } from "./environment.js";
import { setupError } from "./failure.js";

/** An account that was signed in from this command line. The tokens of an OAuth grant are not here: core keeps them. */
export type KeptAccount =
  | { readonly kind: "oauth"; readonly consumer: Consumer }
  | {
      readonly kind: "api_token";
      readonly email: string;
      readonly token: string;
      readonly expiresAt?: number | undefined;
    }
  | {
      readonly kind: "access_token";
      readonly token: string;
      readonly workspace?: string | undefined;
      readonly repository?: string | undefined;
      readonly expiresAt?: number | undefined;
    };

/**
 * What the command line keeps besides grants: consumers, static credentials, and which tokens Bitbucket has refused.
 *
 * Each is one more record of the file storage, sealed with the same key. So the same rules hold for it: files of 0600 that
 * are refused when they are open to others, belong to another user or lie behind a symbolic link.
 */
export interface Settings {
  /** The accounts that are kept, in the order in which they came. */
  names(): Promise<readonly string[]>;
  account(name: string): Promise<KeptAccount | undefined>;
  /**
   * Keeps an account, in place of all that can no longer be read; or with `undefined` forgets it. Resolves with what it took the
   * place of, which another command may have kept a moment before.
   */
  setAccount(name: string, account: KeptAccount | undefined): Promise<KeptAccount | undefined>;
  /** Remembers that Bitbucket refused this token: a fingerprint of it, under the key of the records. */
  refuse(token: string): Promise<void>;
  isRefused(token: string): Promise<boolean>;
  /** Bitbucket has just taken this token: a refusal that was remembered no longer counts. */
  accept(token: string): Promise<void>;
}

/** The settings for one server: what was kept for Bitbucket is never used at another address. */
export function openSettings(storage: TokenStorage, endpoints: Endpoints): Settings {
  const server = [endpoints.authorizationUrl, endpoints.tokenUrl, endpoints.apiUrl].join(" ");
  const cipher = createRecordCipher({ provider: () => ownKeys(storage) });
  const accounts = createSealedRecord(storage, cipher, `command line: accounts ${server}`);
  const refused = createSealedRecord(storage, cipher, `command line: refused tokens ${server}`);
  const readRefused = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

  const isRefused = async (token: string): Promise<boolean> => {
    // What can no longer be read refuses nothing: Bitbucket is asked again.
    const fingerprints = readRefused(await refused.read().catch(nothingIfLost));
    return fingerprints.length > 0 && fingerprints.includes(await cipher.fingerprint(token));
  };
  const remember = (fingerprint: string, counts: boolean): Promise<void> =>
    refused.change(
      (value) => {
        const others = readRefused(value).filter((each) => each !== fingerprint);
        return (counts ? [...others, fingerprint] : others).slice(-rememberedRefusals);
      },
      { startsAnew: true },
    );

  return {
    names: async () => Object.keys(record(await accounts.read())),
    async account(name) {
      const kept = new Map(Object.entries(record(await accounts.read()))).get(name);
      return kept === undefined ? undefined : readAccount(name, kept);
    },
    async setAccount(name, account) {
      let replaced: KeptAccount | undefined;
      await accounts.change(
        (value) => {
          const all = new Map(Object.entries(record(value)));
          replaced = accountIn(all.get(name));
          all.delete(name);
          if (account) all.set(name, account);
          return Object.fromEntries(all);
        },
        { startsAnew: account !== undefined },
      );
      return replaced;
    },
    refuse: async (token) => remember(await cipher.fingerprint(token), true),
    isRefused,
    async accept(token) {
      if (await isRefused(token)) await remember(await cipher.fingerprint(token), false);
    },
  };
}

/** A token is replaced within hours; these are enough for many accounts. */
const rememberedRefusals = 64;
/** Writes of one record, while other processes write first. */
const writeTries = 100;

interface SealedRecord {
  /** `undefined`: nothing is kept. */
  read(): Promise<unknown>;
  /** `startsAnew`: in place of what can no longer be read. */
  change(next: (value: unknown) => unknown, options: { readonly startsAnew: boolean }): Promise<void>;
}

/** Whether what is kept will not open again, and signing in is the way on: a damaged file, or a key that was lost. */
export function isLost(error: unknown): boolean {
  if (!isBitbucketAuthError(error)) return false;
  return (
    error.code === "record_unreadable" || (error.code === "storage_failed" && error.action === "reauthorize")
  );
}

function nothingIfLost(error: unknown): undefined {
  if (!isLost(error)) throw error;
}

function createSealedRecord(storage: TokenStorage, cipher: RecordCipher, key: string): SealedRecord {
  const open = async (bytes: Uint8Array): Promise<unknown> =>
    parseJson(new TextDecoder().decode(await cipher.open(key, bytes)));
  let known: Promise<unknown> | undefined;
  const read = async (): Promise<unknown> => {
    const found = await storage.get(key);
    return found ? open(found.bytes) : undefined;
  };
  return {
    // Read once for each command, which is too short for another process's change to matter.
    read: () => (known ??= read()),
    async change(next, { startsAnew }) {
      const giveUp = (error: unknown): undefined => {
        if (!startsAnew) throw error;
        return nothingIfLost(error);
      };
      // A damaged file has a version as well, which only a conflict tells.
      let seen: string | null = null;
      for (let left = writeTries; left > 0; left -= 1) {
        const found = await storage.get(key).catch(giveUp);
        const value = next(found ? await open(found.bytes).catch(giveUp) : undefined);
        const sealed = await cipher.seal(key, new TextEncoder().encode(JSON.stringify(value)));
        const done = await storage.compareAndSwap(key, found?.version ?? seen, sealed, {
          version: crypto.randomUUID(),
        });
        known = undefined;
        if (done.ok) return;
        seen = done.current;
      }
      throw new StorageError("Other processes change the settings without a pause. Repeat the command.");
    },
  };
}

async function ownKeys(storage: TokenStorage): Promise<EncryptionKeys> {
  const keys = await storage.ownKeys?.();
  if (keys) return keys;
  throw setupError("The storage of the command line has no encryption key.");
}

function record(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** An account as an earlier or later version of this program wrote it. */
function readAccount(name: string, value: unknown): KeptAccount {
  const account = accountIn(value);
  if (account) return account;
  throw setupError(
    `What is kept for the account ${name} cannot be read by this version. Update @bitbucket-auth/cli, or: bitbucket-auth logout --account ${name}`,
  );
}

function accountIn(value: unknown): KeptAccount | undefined {
  const kept = record(value);
  const text = (field: string, from: object = kept): string | undefined => {
    const found: unknown = Reflect.get(from, field);
    return typeof found === "string" && found !== "" ? found : undefined;
  };
  const time: unknown = Reflect.get(kept, "expiresAt");
  const expiresAt = typeof time === "number" ? time : undefined;
  const token = text("token");
  const email = text("email");
  const consumer = record(Reflect.get(kept, "consumer"));
  const clientId = text("clientId", consumer);
  const clientSecret = text("clientSecret", consumer);
  const kind = text("kind");
  if (kind === "oauth" && clientId !== undefined && clientSecret !== undefined)
    return { kind, consumer: { clientId, clientSecret } };
  if (kind === "api_token" && token !== undefined && email !== undefined)
    return { kind, email, token, expiresAt };
  if (kind === "access_token" && token !== undefined)
    return { kind, token, workspace: text("workspace"), repository: text("repository"), expiresAt };
  return undefined;
}
