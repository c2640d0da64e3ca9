import type { Lease } from "@bitbucket-auth/core";
import { fileSystemNow, publishDraft, withDraft } from "./draft.js";
import { removeFile } from "./file-system.js";
import {
  collectLeases,
  findLeases,
  highestLeaseNumber,
  leasePath,
  leaseState,
  setLapse,
  type FoundLease,
  type LeaseFiles,
} from "./lease-files.js";
import { formatLeaseFile } from "./lease-holder.js";
import { isGone, type ProcessIdentity } from "./process-identity.js";

/**
 * One attempt at the lease of an entry.
 *
 * Nobody removes or rewrites the lease of somebody else. To take over a lapsed one is to link the next number, which one
 * contender can do, and then to look again: if the old holder renewed meanwhile, the contender withdraws. The old holder
 * for its part renews first and looks second. In whatever order these four steps fall, at least one of the two sees the other,
 * so that never both believe they hold it.
 *
 * The lease of a process of this host that is gone is free at once.
 */
export async function tryFileLease(
  files: LeaseFiles,
  { owner, ttlMs, self }: { readonly owner: string; readonly ttlMs: number; readonly self: ProcessIdentity },
): Promise<Lease | null> {
  const { place } = files;
  return withDraft(place, { content: formatLeaseFile({ ...self, owner }), durable: false }, async (draft) => {
    const found = await findLeases(files);
    const held = found.filter(({ lapsesAt }) => lapsesAt > draft.writtenAt);
    const [highest] = found;
    if (highest && held.includes(highest) && highest.holder?.owner === owner) {
      return (await renew(files, highest.number, ttlMs)) ? hold(files, highest.number) : null;
    }
    if (!held.every(({ holder }) => holder && isGone(holder, self))) return null;
    const number = (highest?.number ?? 0) + 1;
    await setLapse(files, draft.path, draft.writtenAt + ttlMs);
    if (!(await publishDraft(place, draft, leasePath(files, number)))) return null;
    const unchanged = await Promise.all(found.map((lease) => isUnchanged(files, lease)));
    if (unchanged.includes(false) || (await highestLeaseNumber(files)) !== number) {
      await removeFile(place.fs, leasePath(files, number));
      return null;
    }
    await collectLeases(files, number);
    return hold(files, number);
  });
}

function hold(files: LeaseFiles, number: number): Lease {
  // Note: one after the other, or a renewal on its way could bring back what a release gave up.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const result = last.then(step, step);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    fence: number,
    renew: (ttlMs) => inTurn(() => renew(files, number, ttlMs)),
    release: () => inTurn(async () => void (await setLapse(files, leasePath(files, number), 0))),
  };
}

/** Renews a lease that has not lapsed, then looks whether it is still the one that counts. */
async function renew(files: LeaseFiles, number: number, ttlMs: number): Promise<boolean> {
  const now = await fileSystemNow(files.place);
  const state = await leaseState(files, number);
  // Note: a lapsed lease may be changing hands at this moment, so it is lost even if nobody has taken it yet.
  if (!state || state.lapsesAt <= now) return false;
  if (!(await setLapse(files, leasePath(files, number), now + ttlMs))) return false;
  return (await highestLeaseNumber(files)) === number;
}

async function isUnchanged(files: LeaseFiles, { number, ino, lapsesAt }: FoundLease): Promise<boolean> {
  const state = await leaseState(files, number);
  return state !== null && state.ino === ino && state.lapsesAt === lapsesAt;
}
