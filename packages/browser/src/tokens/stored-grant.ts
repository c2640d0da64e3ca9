import { StorageError, type StoredConfig, type TokenSet } from "@bitbucket-auth/core";
import type { Refusal } from "./refusal.js";

/** A grant as a page keeps it. Instants are epoch milliseconds on this machine's clock. */
export interface StoredGrant {
  readonly accessToken: string;
  readonly expiresAt: number;
  /** When it was asked for; 0 where nobody wrote it down. */
  readonly obtainedAt: number;
  readonly refreshToken?: string | undefined;
  /** The last refresh, when it failed. */
  readonly failure?: Refusal | undefined;
}

/** A token with less than this left is not handed out; one that lives shortly needs a quarter of its life. Milliseconds. */
const spareMs = 30_000;

/** Whether the access token can still be used. */
export function isFresh({ accessToken, expiresAt, obtainedAt }: StoredGrant, now: number): boolean {
  const lifeMs = Math.max(0, expiresAt - obtainedAt);
  return accessToken !== "" && now < expiresAt - Math.min(spareMs, lifeMs / 4);
}

/** What is kept of an answer that has just arrived. */
export function grantOf({ accessToken, refreshToken, expiresAt }: TokenSet, now: number): StoredGrant {
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt,
    obtainedAt: now,
  };
}

/** What `loadConfig` gave: the grant in it, and the caller's own fields. */
export interface LoadedConfig {
  readonly grant: StoredGrant | undefined;
  readonly theirs: StoredConfig;
}

/** Fields that are ours in a config, a page's or core's, so that none of an older record survives a newer one. */
const ownFields: ReadonlySet<string> = new Set(
  (
    "schema accessToken accessExpiresAt refreshToken refreshExpiresAt scope tokenType obtainedAt issuedAt fence refreshFp " +
    "parentFp generation pending status failure key version sealed signedOut expiresAt"
  ).split(" "),
);

/**
 * Reads what `loadConfig` gave: what a page saved, what core saved in clear, or a refresh token that somebody wrote by hand.
 * Throws `StorageError` for everything else, and nothing is saved over it then.
 */
export function readStoredConfig(value: unknown, key: string): LoadedConfig {
  if (value === undefined || value === null) return { grant: undefined, theirs: {} };
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable("is no object");
  const config: StoredConfig = { ...value };
  const field = <T>(name: string, isRight: (found: unknown) => found is T): T | undefined => {
    const found = config[name];
    if (found === undefined) return undefined;
    if (isRight(found)) return found;
    throw unreadable(`has a ${name} that cannot be read`);
  };
  const savedFor = field("key", isText);
  if (savedFor !== undefined && savedFor !== key) throw unreadable("belongs to another account or consumer");
  if (config["sealed"] !== undefined)
    throw unreadable("is encrypted, which takes @bitbucket-auth/core to read");
  const accessToken = field("accessToken", isText) ?? "";
  const refreshToken = field("refreshToken", isText) || undefined;
  const isEmpty = config["signedOut"] === true || (!accessToken && !refreshToken);
  return {
    grant: isEmpty
      ? undefined
      : {
          accessToken,
          refreshToken,
          expiresAt: field("expiresAt", isInstant) ?? field("accessExpiresAt", isInstant) ?? 0,
          obtainedAt: field("obtainedAt", isInstant) ?? 0,
          failure: isRefusal(config["failure"]) ? config["failure"] : undefined,
        },
    theirs: Object.fromEntries(Object.entries(config).filter(([name]) => !ownFields.has(name))),
  };
}

/** The object for `saveConfig`. */
export function toStoredConfig(grant: StoredGrant, theirs: StoredConfig, key: string): StoredConfig {
  return { ...theirs, ...grant, tokenType: "bearer", key };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isInstant(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

function isRefusal(value: unknown): value is Refusal {
  if (typeof value !== "object" || value === null) return false;
  const { code, of, count, at, retryAt }: StoredConfig = { ...value };
  return (
    isText(code) &&
    isText(of) &&
    isInstant(count) &&
    isInstant(at) &&
    (retryAt === undefined || isInstant(retryAt))
  );
}

function unreadable(why: string): StorageError {
  return new StorageError(`What loadConfig gave ${why}.`, { action: "fix_config" });
}
