import type { TokenStorage } from "@bitbucket-auth/core";

/** What the simulation knows of a pair of tokens, whoever holds it. */
export interface KnownPair {
  readonly account: string;
  /** One sign-in and all that was refreshed from it. */
  readonly signIn: number;
  /** Grows with every pair that Bitbucket issues. */
  readonly issued: number;
  readonly issuedAt: number;
  /** The refresh token it was redeemed with. */
  readonly parent?: string;
}

/** A record as it stands in the storage, read behind everybody's back. */
export interface StoredPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly isPending: boolean;
}

/** The whole truth: every pair ever issued, every record ever stored. Collects what must never happen. */
export interface Ledger {
  readonly violations: string[];
  /** A person consented: a pair that no refresh brought. */
  signedIn(account: string, tokens: { accessToken: string; refreshToken: string }, now: number): void;
  /** Bitbucket answered a refresh with a new pair. */
  redeemed(refreshToken: string, pair: { accessToken: string; refreshToken: string }, now: number): void;
  /** A write arrived in the storage. `null`: a tombstone. */
  stored(account: string, bytes: Uint8Array | null): void;
  /** The answer of a refresh reached whoever had asked. */
  delivered(refreshToken: string): void;
  /** Whether a newer sibling of this refresh token was issued to nobody: its answer got lost. */
  hasLostSibling(refreshToken: string): boolean;
  /** Whether this refresh token was redeemed three times or more and no answer ever arrived: no client gets through that. */
  hasLostEveryAnswer(refreshToken: string): boolean;
  pairOf(accessToken: string): KnownPair | undefined;
  wasStored(token: string): boolean;
  /** What is stored now; `null`: a tombstone. */
  current(account: string): StoredPair | null | undefined;
  readonly redemptions: number;
}

interface Entry extends StoredPair {
  readonly known: KnownPair;
}

export function createLedger(options: { readonly leastMsBetweenRefreshes: number }): Ledger {
  const violations: string[] = [];
  const byAccess = new Map<string, KnownPair>();
  const byRefresh = new Map<string, KnownPair>();
  const originals = new Set<string>();
  const everStored = new Set<string>();
  const records = new Map<string, Entry | null>();
  const arrived = new Set<string>();
  const redeemedAt = new Map<number, number>();
  let issued = 0;
  let signIns = 0;
  let redemptions = 0;
  const remember = (pair: { accessToken: string; refreshToken: string }, known: KnownPair): void => {
    byAccess.set(pair.accessToken, known);
    byRefresh.set(pair.refreshToken, known);
  };

  return {
    violations,
    get redemptions() {
      return redemptions;
    },
    signedIn(account, tokens, now) {
      originals.add(tokens.refreshToken);
      remember(tokens, { account, signIn: ++signIns, issued: ++issued, issuedAt: now });
    },
    redeemed(refreshToken, pair, now) {
      const parent = byRefresh.get(refreshToken);
      if (!parent) return void violations.push("a refresh token was redeemed that nobody ever got");
      redemptions++;
      const sinceMs = now - (redeemedAt.get(parent.signIn) ?? Number.NEGATIVE_INFINITY);
      if (sinceMs < options.leastMsBetweenRefreshes)
        violations.push(`${parent.account} was refreshed twice within ${sinceMs} ms`);
      redeemedAt.set(parent.signIn, now);
      remember(pair, { ...parent, issued: ++issued, issuedAt: now, parent: refreshToken });
    },
    stored(account, bytes) {
      const before = records.get(account);
      if (!bytes) return void records.set(account, null);
      const { accessToken, refreshToken, parentFp, pending } = JSON.parse(
        new TextDecoder().decode(bytes),
      ) as {
        accessToken: string;
        refreshToken: string;
        parentFp?: string;
        pending?: unknown;
      };
      everStored.add(accessToken).add(refreshToken);
      const known = byRefresh.get(refreshToken);
      if (!known || byAccess.get(accessToken) !== known)
        return void violations.push(`${account}: a pair was stored that Bitbucket never issued`);
      if (known.account !== account) violations.push(`a token of ${known.account} was stored for ${account}`);
      const isSignIn = originals.has(refreshToken) && parentFp === undefined && pending === undefined;
      if (!isSignIn && before === null)
        violations.push(`${account}: a refresh brought a signed-out grant back`);
      if (!isSignIn && before && before.known.signIn !== known.signIn)
        violations.push(
          `${account}: a refresh of sign-in ${known.signIn} overwrote sign-in ${before.known.signIn}`,
        );
      if (!isSignIn && before?.known.signIn === known.signIn && before.known.issued > known.issued)
        violations.push(
          `${account}: an older pair (${known.issued}) replaced a newer (${before.known.issued})`,
        );
      records.set(account, { accessToken, refreshToken, isPending: pending !== undefined, known });
    },
    delivered: (refreshToken) => void arrived.add(refreshToken),
    hasLostSibling(refreshToken) {
      const own = byRefresh.get(refreshToken);
      return [...byRefresh].some(
        ([other, pair]) =>
          own?.parent !== undefined &&
          pair.parent === own.parent &&
          pair.issued > own.issued &&
          !arrived.has(other),
      );
    },
    hasLostEveryAnswer(refreshToken) {
      const heirs = [...byRefresh].filter(([, pair]) => pair.parent === refreshToken);
      return heirs.length >= 3 && heirs.every(([other]) => !arrived.has(other));
    },
    pairOf: (accessToken) => byAccess.get(accessToken),
    wasStored: (token) => everStored.has(token),
    current: (account) => records.get(account),
  };
}

/** The account in a storage key, as core builds it. */
function accountOf(key: string): string {
  return decodeURIComponent(key.slice(key.lastIndexOf("/") + 1));
}

/** The storage itself, with every write that arrives told to the ledger. */
export function recorded(storage: TokenStorage, ledger: Ledger): TokenStorage {
  const versions = new Map<string, string>();
  return {
    ...storage,
    async compareAndSwap(key, expected, bytes, options) {
      const result = await storage.compareAndSwap(key, expected, bytes, options);
      if (result.ok && versions.get(key) !== options.version) ledger.stored(accountOf(key), bytes);
      if (result.ok) versions.set(key, options.version);
      return result;
    },
    async delete(key, options) {
      const result = await storage.delete(key, options);
      versions.set(key, options?.version ?? "");
      ledger.stored(accountOf(key), null);
      return result;
    },
  };
}
