import { isBitbucketAuthError, SignedOutError, StorageError } from "../errors.js";
import type { StoredRecord, WriteResult } from "../storage/record-store.js";
import type { TokenRecord } from "../storage/record.js";
import type { Version } from "../storage/token-storage.js";
import { pause } from "../timing.js";
import type { LeaseHold } from "./lease.js";
import type { GrantRef, RefreshParts } from "./parts.js";
import { fixed, overtakenPauseMs, unsavedPauseMs } from "./policy.js";
import type { Redemption } from "./redeem.js";

/** What to do with a record just redeemed when something else is stored. */
export type MergeDecision = "write" | "write_newer_sibling" | "adopt_sibling" | "adopt_other";

/**
 * Decides between `mine`, obtained by redeeming the refresh token with fingerprint `redeemedFp`, and what is stored now.
 *
 * Still the redeemed token: write. A sibling, redeemed from the same token by another process: the newer redemption wins,
 * because the server may keep only that one alive. Anything else is another sign-in and is never overwritten.
 */
export function mergeRecord(stored: TokenRecord, redeemedFp: string, mine: TokenRecord): MergeDecision {
  if (stored.refreshFp === redeemedFp) return "write";
  if (stored.parentFp !== redeemedFp) return "adopt_other";
  return isNewer(mine, stored) ? "write_newer_sibling" : "adopt_sibling";
}

function isNewer(mine: TokenRecord, stored: TokenRecord): boolean {
  const order = [
    (mine.issuedAt ?? 0) - (stored.issuedAt ?? 0),
    (mine.fence ?? 0) - (stored.fence ?? 0),
    mine.obtainedAt - stored.obtainedAt,
  ];
  return (order.find((difference) => difference !== 0) ?? 0) > 0;
}

/** A record that is saved after all. */
export interface SavedLate {
  readonly record: TokenRecord;
  readonly attempts: number;
}

/** Saves what Bitbucket has issued. */
export interface Saver {
  /**
   * Saves a redemption and returns the record that now counts: mine, or a newer one that another process saved.
   *
   * Rejects with `SignedOutError` when the grant was signed out meanwhile, and with `StorageError` when the storage does not
   * take it: then the only copy is in `mine`, and the caller must not let go of it.
   */
  save(ref: GrantRef, redemption: Redemption): Promise<TokenRecord>;
  /**
   * Goes on saving a redemption that the storage would not take, and holds the lease so that no process redeems the dead token
   * again. Ends when it is saved, superseded or signed out, or a few attempts after the owner has closed; returns the record
   * that counts. `persistFailed` is always followed by an end: `persisted`, which the caller emits, or `persistAbandoned`.
   */
  keepSaving(ref: GrantRef, hold: LeaseHold, redemption: Redemption): Promise<SavedLate | undefined>;
  /**
   * Saves what a sign-in brought in place of whatever is stored: an older grant, a tombstone, even a record that cannot be
   * read. It learns the version in its way from the conflict, so that no write is blind. Returns the record that counts: this
   * one, or what a peer has already refreshed it to. A peer may: a write that was reported as failed may have arrived, and
   * tokens from elsewhere may be saved twice.
   *
   * `signedInAt` is that of the live grant it replaces, or `now()` when there is none: nothing stored, a tombstone, or a record
   * that cannot be read. A stored record that `stays` names is left where it is, and counts; with `stays`, one that cannot be
   * read is left as well, and this rejects. So it does where an earlier copy of this write may have arrived and what followed
   * cannot be read now.
   */
  saveSignIn(
    ref: GrantRef,
    obtained: TokenRecord,
    now: () => number,
    stays?: (stored: TokenRecord) => boolean,
  ): Promise<TokenRecord>;
}

/** One per `BitbucketAuth`. */
export function createSaver({
  store,
  events,
  random,
  closing,
  onUnpersisted,
}: Pick<RefreshParts, "store" | "events" | "random" | "closing" | "onUnpersisted">): Saver {
  const save = async (
    { key, account }: GrantRef,
    { version, redeemedFp, mine }: Redemption,
  ): Promise<TokenRecord> => {
    let expected = version;
    let record = mine;
    for (let attempt = 0; attempt < fixed.mergeTries; attempt++) {
      if (attempt > 1) await pause(overtakenPauseMs(attempt, random));
      const written: WriteResult = await store.replace(key, expected, record);
      if (written.ok) return record;
      events.emit("conflict", { account });
      if (written.deleted) throw signedOutMeanwhile(account);
      const stored = await store.read(key);
      // No entry and no tombstone: the storage lost it. `mine` is the only copy.
      expected = stored?.version ?? null;
      if (!stored || redeemedFp === undefined) continue;
      const decision = mergeRecord(stored.record, redeemedFp, mine);
      if (decision === "adopt_other") return stored.record;
      if (decision !== "write") {
        events.emit("siblingMerged", { account, kept: decision === "adopt_sibling" ? "stored" : "mine" });
      }
      if (decision === "adopt_sibling") return stored.record;
      record = {
        ...mine,
        generation: Math.max(mine.generation, stored.record.generation),
        // Signed out and in again with the same tokens: the later sign-in counts.
        signedInAt: stored.record.signedInAt ?? mine.signedInAt,
      };
    }
    throw new StorageError("The record kept changing while new tokens were being saved. Try again.", {
      account,
    });
  };

  return {
    save,

    async keepSaving(ref, hold, redemption) {
      const { account } = ref;
      try {
        onUnpersisted?.(account, redemption.mine);
        let lastSaves: number = fixed.lastSaves;
        for (let attempts = 1; ; attempts++) {
          events.emit("persistFailed", { account, attempts });
          const isClosing = closing.aborted;
          if (isClosing && lastSaves-- === 0) {
            events.emit("persistAbandoned", { account, attempts, reason: "closed" });
            return undefined;
          }
          await pause(unsavedPauseMs(attempts, random, isClosing), isClosing ? [] : [closing]);
          try {
            return { record: await save(ref, redemption), attempts };
          } catch (error) {
            if (isBitbucketAuthError(error) && error.code === "signed_out") {
              events.emit("persistAbandoned", { account, attempts, reason: "signed_out" });
              return undefined;
            }
          }
        }
      } finally {
        await hold.release();
      }
    },

    async saveSignIn(ref, obtained, now, stays) {
      let expected: Version | null = null;
      let record: TokenRecord = { ...obtained, signedInAt: now() };
      let mayBeThere = false;
      const read = (): Promise<StoredRecord | null> => store.read(ref.key);
      const unread = (error: unknown): null => {
        // A sign-in has spent its code and goes on without. What may follow from its own write has to be read, and what tokens that
        // can be had again give way to.
        const isLost = isBitbucketAuthError(error) && error.code === "record_unreadable";
        if (stays || (mayBeThere && !isLost)) throw error;
        return null;
      };
      for (let attempt = 0; attempt < fixed.signInTries; attempt++) {
        if (attempt > 1) await pause(overtakenPauseMs(attempt, random));
        const written: WriteResult = await store.replace(ref.key, expected, record);
        if (written.ok) return record;
        mayBeThere ||= written.repeated;
        const isGone = written.deleted || written.current === null;
        const live = isGone ? null : await read().catch(read).catch(unread);
        // One look for both questions: what is found is what the next write replaces.
        if (live && (isSuccessor(live.record, record) || stays?.(live.record))) return live.record;
        expected = live?.version ?? written.current;
        record = { ...obtained, signedInAt: live ? live.record.signedInAt : now() };
      }
      throw new StorageError("The record kept changing while the sign-in was being saved. Sign in again.", {
        account: ref.account,
      });
    },
  };
}

/** Whether `stored` was obtained by redeeming the refresh token of `obtained`, which is spent then. */
function isSuccessor({ parentFp, refreshFp, status }: TokenRecord, obtained: TokenRecord): boolean {
  return (
    parentFp !== undefined && parentFp === obtained.refreshFp && parentFp !== refreshFp && status === "active"
  );
}

function signedOutMeanwhile(account: string | undefined): SignedOutError {
  return new SignedOutError(
    "The account was signed out while its token was being refreshed. Sign in again.",
    { account },
  );
}
