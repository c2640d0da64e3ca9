import * as z from "zod/mini";
import { StorageError } from "../errors.js";
import { assertMethods } from "../environment.js";
import { plaintextCipher } from "../storage/encryption.js";
import { createMemoryStorage } from "../storage/memory-storage.js";
import type { TokenRecord } from "../storage/record.js";
import { storageCall, withStorageErrors } from "../storage/storage-call.js";
import { lazy } from "../text.js";
import type { CasResult, TokenStorage, Version } from "../storage/token-storage.js";

/** What the two functions are told: which entry is meant. */
export interface ConfigRequest {
  /** Names the grant. A program with more than one account stores one config per key. */
  readonly key: string;
}

/** A config as the caller stores it: the fields of this package and the caller's own in one plain object. */
export type StoredConfig = Record<string, unknown>;

/** Two functions that store one plain object: in a file, a database row, a secret manager. */
export interface ConfigFunctions {
  /** The object last saved; `undefined`, `null` or `{}` when there is none yet. */
  loadConfig(request: ConfigRequest): unknown;
  /** Keeps the object so that `loadConfig` gives it back. Fields of the caller's own in a loaded config are kept. */
  saveConfig(config: StoredConfig, request: ConfigRequest): unknown;
}

/** Fields that are ours in a config, so that none of an older record survives a newer one. */
const ownFields = /* @__PURE__ */ lazy(
  (): ReadonlySet<string> =>
    new Set(
      (
        "schema accessToken accessExpiresAt refreshToken refreshExpiresAt scope tokenType obtainedAt issuedAt fence refreshFp " +
        "parentFp generation pending status signedInAt failure key version sealed signedOut lastSignOut leaseName expiresAt"
      ).split(" "),
    ),
);

/** Note: `z.record()` would bring in 5 kB more of zod, and `z.boolean()` 0.1. */
const plainObject = /* @__PURE__ */ lazy(() => z.looseObject({}));
const savedConfig = /* @__PURE__ */ lazy(() =>
  z.object({
    key: z.optional(z.string()),
    version: z.optional(z.string()),
    sealed: z.optional(z.string()),
    signedOut: z.optional(z.literal([true, false])),
    lastSignOut: z.optional(z.string()),
    leaseName: z.optional(z.string()),
    refreshToken: z.optional(z.string()),
  }),
);
/** A config written by hand, or left by another program: a refresh token is enough to begin with. */
const handWrittenConfig = /* @__PURE__ */ lazy(() =>
  z.object({
    accessToken: z.optional(z.string()),
    refreshToken: z.optional(z.string().check(z.regex(/./s))),
    expiresAt: z.optional(z.number().check(z.nonnegative())),
  }),
);

/** Shared by all configs, each under its `leaseName`: functions written anew for each call may keep the same object. */
const leases = /* @__PURE__ */ lazy(() => createMemoryStorage());

/**
 * Makes a storage of two functions that load and save one plain object, `refreshToken` in it.
 *
 * Writes of this process follow one another and are compared. For one process only: two processes with the same functions
 * overwrite each other. A `saveConfig` that never ends holds up every write after it, each of which then fails in time; give it
 * a limit of its own. Records are saved in clear unless `encryption` is given.
 */
export function configStorage(functions: ConfigFunctions): TokenStorage {
  assertMethods(functions, "The argument of configStorage()", ["loadConfig", "saveConfig"]);
  const id = crypto.randomUUID();
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = queue.then(run);
    queue = turn.catch(() => undefined);
    return turn;
  };
  const load = async (key: string): Promise<LoadedConfig> =>
    readConfig(await storageCall(() => functions.loadConfig({ key }), { who: "loadConfig" }), key);
  const save = async (key: string, loaded: LoadedConfig, ours: StoredConfig): Promise<void> => {
    const theirs = Object.entries(loaded.config).filter(([name]) => !ownFields().has(name));
    const config = { ...Object.fromEntries(theirs), ...ours, key };
    // Not bounded in time: a write that was given up could still arrive, and undo what was saved after it.
    await withStorageErrors({ who: "saveConfig", change: "write" }, () =>
      functions.saveConfig(config, { key }),
    );
  };

  return {
    caps: { lease: "process", watch: false, list: false, durable: true, plaintext: true },

    async get(key) {
      const { bytes, version } = await load(key);
      return bytes && version !== null ? { bytes, version } : null;
    },

    compareAndSwap: (key, expected, bytes, { version }) =>
      inTurn(async (): Promise<CasResult> => {
        const loaded = await load(key);
        if (loaded.version === version) return { ok: true };
        if (loaded.version !== expected) {
          return {
            ok: false,
            current: loaded.version,
            ...(loaded.version !== null && !loaded.bytes && { deleted: true }),
          };
        }
        const text = new TextDecoder().decode(bytes);
        await save(key, loaded, {
          ...(text.startsWith("{") ? parseObject(text) : { sealed: text }),
          version,
          leaseName: loaded.leaseName ?? id,
          // A repeat of the last deletion must not undo this write.
          ...(loaded.lastSignOut && { lastSignOut: loaded.lastSignOut }),
        });
        return { ok: true };
      }),

    delete: (key, { version = crypto.randomUUID() } = {}) =>
      inTurn(async () => {
        const loaded = await load(key);
        if (loaded.lastSignOut === version) return true;
        await save(key, loaded, { signedOut: true, version });
        return loaded.bytes !== null;
      }),

    async tryLease(key, options) {
      const { leaseName = id } = await load(key);
      return leases().tryLease(`${key} ${leaseName}`, options);
    },

    close: () => storageCall(async () => void (await queue), { who: "saveConfig", change: "write" }),
  };
}

interface LoadedConfig {
  readonly config: StoredConfig;
  readonly version: Version | null;
  readonly bytes: Uint8Array | null;
  /**
   * Names the lease, and stays the same through refreshes, which may be under way while another call looks. Absent where there is
   * nothing to refresh.
   */
  readonly leaseName?: string | undefined;
  /** The version of the last deletion. */
  readonly lastSignOut?: string | undefined;
}

async function readConfig(value: unknown, key: string): Promise<LoadedConfig> {
  if (value === undefined || value === null) return { config: {}, version: null, bytes: null };
  const config = plainObject().safeParse(value);
  const saved = config.success ? savedConfig().safeParse(config.data) : undefined;
  if (!config.success || !saved?.success) {
    throw new StorageError("loadConfig did not give back an object that saveConfig was given.", {
      action: "fix_config",
    });
  }
  if (saved.data.key !== undefined && saved.data.key !== key) {
    throw new StorageError(
      "loadConfig gave the config of another account. Keep one config per `key`, the second argument of both functions.",
      { action: "fix_config" },
    );
  }
  const { version, sealed, signedOut, lastSignOut, refreshToken } = saved.data;
  // What is ours has both: a `version` alone may be the caller's own.
  if (version === undefined || saved.data.key === undefined) return fromHandWritten(config.data);
  if (signedOut) return { config: config.data, version, bytes: null, lastSignOut: version };
  // Earlier versions wrote no name. Of a sealed record nothing is known then, so that all of one key exclude each other.
  const leaseName = saved.data.leaseName ?? (await leaseNameFor(refreshToken));
  // What is not of the record is left out where it is decoded.
  const bytes = encode(sealed ?? JSON.stringify(config.data));
  return { config: config.data, version, bytes, leaseName, lastSignOut };
}

const leaseNameFor = (refreshToken = ""): Promise<string> => plaintextCipher.fingerprint(refreshToken);

async function fromHandWritten(config: StoredConfig): Promise<LoadedConfig> {
  const found = handWrittenConfig().safeParse(config);
  if (!found.success) {
    throw new StorageError(
      "loadConfig gave a config whose accessToken, refreshToken or expiresAt cannot be read.",
      {
        action: "fix_config",
      },
    );
  }
  const { accessToken, refreshToken, expiresAt = 0 } = found.data;
  if (accessToken === undefined && refreshToken === undefined) return { config, version: null, bytes: null };
  const record: TokenRecord = {
    schema: 1,
    accessToken: accessToken ?? "",
    accessExpiresAt: expiresAt,
    refreshToken,
    tokenType: "bearer",
    obtainedAt: 0,
    generation: 0,
    status: "active",
  };
  // Of its content: one that another program writes in its place is another version.
  const text = JSON.stringify(record);
  const version = `hand-written ${await plaintextCipher.fingerprint(text)}`;
  return { config, version, bytes: encode(text), leaseName: await leaseNameFor(refreshToken) };
}

function parseObject(text: string): StoredConfig {
  return plainObject().parse(JSON.parse(text));
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
