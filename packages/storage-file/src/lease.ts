import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Lease } from "@bitbucket-auth/core";
import { fileSystemNow, publishDraft, withDraft, type Place } from "./atomic-file.js";
import { errorCode, parseJsonObject, removeFile, unless } from "./file-system.js";
import { numberedName, numbersOf } from "./paths.js";
import { readPrivateFile } from "./private-access.js";

/** What a process asks for when it asks for a lease. */
interface LeaseRequest {
  readonly owner: string;
  readonly ttlMs: number;
  readonly self: ProcessIdentity;
}

const attempts = 100;

/**
 * One attempt at the lease of an entry.
 *
 * No process removes or rewrites the lease of another. To take over a lapsed one is to link the next number, which one
 * contender can do, and then to look again: if the old holder renewed meanwhile, the contender withdraws. The old holder
 * for its part renews first and looks second. In whatever order these four steps fall, at least one of the two sees the other,
 * so that never both hold it.
 *
 * The lease of a process of this host that is gone is free at once.
 */
export async function tryFileLease(files: LeaseFiles, request: LeaseRequest): Promise<Lease | null> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const answer = await attemptLease(files, request);
    if (answer !== "lapsed") return answer;
  }
  return null;
}

/** `"lapsed"`: the owner's own lease lapsed between the look and its renewal, so it has to be taken anew. */
async function attemptLease(
  files: LeaseFiles,
  { owner, ttlMs, self }: LeaseRequest,
): Promise<Lease | "lapsed" | null> {
  const { place } = files;
  return withDraft(place, { content: formatLeaseFile({ ...self, owner }), durable: false }, async (draft) => {
    const found = await findLeases(files);
    const held = found.filter(({ lapsesAt }) => lapsesAt > draft.writtenAt);
    const [highest] = found;
    if (highest && held.includes(highest) && highest.holder?.owner === owner) {
      return (await renew(files, highest.number, ttlMs)) ? hold(files, highest.number) : "lapsed";
    }
    if (!held.every(({ holder }) => holder && isGone(holder, self))) return null;
    const number = (highest?.number ?? 0) + 1;
    await setLapse(files, draft.path, draft.writtenAt + ttlMs);
    if (!(await publishDraft(place, draft, leasePath(files, number)))) return null;
    const unchanged = await Promise.all(found.map((lease) => isUnchanged(files, lease)));
    if (unchanged.includes(false) || (await highestLeaseNumber(files)) !== number) {
      await removeFile(place.access.fs, leasePath(files, number));
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
  // Note: a lapsed lease may be changing hands at this moment, so it is lost even if no process has taken it yet.
  if (!state || state.lapsesAt <= now) return false;
  if (!(await setLapse(files, leasePath(files, number), now + ttlMs))) return false;
  return (await highestLeaseNumber(files)) === number;
}

async function isUnchanged(files: LeaseFiles, { number, ino, lapsesAt }: FoundLease): Promise<boolean> {
  const state = await leaseState(files, number);
  return state !== null && state.ino === ino && state.lapsesAt === lapsesAt;
}

/** The leases of one entry: numbered files, of which the highest is the one that counts. Its number is the fence. */
export interface LeaseFiles {
  readonly place: Place;
  readonly directory: string;
}

/** The state of a lease: its modification time says when it lapses, by the clock of the file system. 0: it was released. */
interface LeaseState {
  readonly ino: number;
  readonly lapsesAt: number;
}

/** A lease as it is found, with its holder. */
interface FoundLease extends LeaseState {
  readonly number: number;
  /** `null` when the file does not tell; then the time alone decides. */
  readonly holder: LeaseHolder | null;
}

const longestWriteMs = 1_000;

function leasePath({ directory }: LeaseFiles, number: number): string {
  return join(directory, numberedName("lease", number));
}

async function highestLeaseNumber({ place, directory }: LeaseFiles): Promise<number> {
  return numbersOf("lease", await place.access.fs.readdir(directory))[0] ?? 0;
}

/** The leases that are there, highest first: one, or more while a takeover is under way or was cut short. */
async function findLeases(files: LeaseFiles): Promise<FoundLease[]> {
  const numbers = numbersOf("lease", await files.place.access.fs.readdir(files.directory));
  return Promise.all(numbers.map((number) => findLease(files, number)));
}

async function findLease(files: LeaseFiles, number: number): Promise<FoundLease> {
  const state = await leaseState(files, number);
  const file = await readPrivateFile(files.place.access, leasePath(files, number));
  // Note: a lease that vanishes while it is looked at is changing hands, so it counts as held.
  if (!state || !file) return { number, ino: 0, lapsesAt: Number.POSITIVE_INFINITY, holder: null };
  return { number, ...state, holder: parseLeaseFile(file.text) };
}

/** What the lease file of this number says; `null` where there is none. */
export async function leaseState(files: LeaseFiles, number: number): Promise<LeaseState | null> {
  const stats = await unless(files.place.access.fs.stat(leasePath(files, number)), ["ENOENT"], null);
  if (!stats) return null;
  const { ino, mtimeMs, ctimeMs } = stats;
  // Note: without hard links a lease has its name before it has its lapse, and is not free in between.
  const isBeingWritten = mtimeMs === ctimeMs && !(await files.place.hasLinks());
  return { ino, lapsesAt: isBeingWritten ? mtimeMs + longestWriteMs : mtimeMs };
}

/** Says when a lease lapses; `false` when it is no longer there. */
async function setLapse({ place }: LeaseFiles, path: string, lapsesAt: number): Promise<boolean> {
  return unless(
    place.access.fs.utimes(path, lapsesAt / 1000, lapsesAt / 1000).then(() => true),
    ["ENOENT"],
    false,
  );
}

/** Removes the leases before the one that counts. */
async function collectLeases(files: LeaseFiles, number: number): Promise<void> {
  const numbers = numbersOf("lease", await files.place.access.fs.readdir(files.directory));
  for (const old of numbers.filter((each) => each < number))
    await removeFile(files.place.access.fs, leasePath(files, old));
}

/** Who holds a lease. */
interface LeaseHolder extends ProcessIdentity {
  readonly owner: string;
}

/** The content of a lease file. */
export function formatLeaseFile({ owner, pid, host }: LeaseHolder): string {
  return JSON.stringify({ owner, pid, host, startedAt: new Date().toISOString() });
}

/** Reads it back. `null`: not readable, so that the time alone decides when the lease is over. */
function parseLeaseFile(text: string): LeaseHolder | null {
  const { owner, pid, host } = parseJsonObject(text) ?? {};
  if (typeof owner !== "string" || typeof host !== "string") return null;
  // Note: kill(0) and kill(-1) mean whole groups of processes.
  return typeof pid === "number" && Number.isInteger(pid) && pid > 0 ? { owner, pid, host } : null;
}

/** Who holds a lease, told well enough that others on the same host can see whether it is still alive. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Where the pid means something: host, boot and (in containers) the namespace of pids. */
  readonly host: string;
}

/** The identity of this process. */
export function currentProcess(): ProcessIdentity {
  const parts = [
    () => hostname(),
    () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    () => readlinkSync("/proc/self/ns/pid"),
  ];
  return { pid: process.pid, host: parts.map(readable).join(" ") };
}

/** Whether a process is certainly gone. `false` when it lives, and when it cannot be seen from here. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host) return false;
  try {
    // Note: signal 0 only asks. A process of another user answers EPERM, and so it is alive.
    process.kill(other.pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === "ESRCH";
  }
}

/** Linux alone has these files; elsewhere the host's name has to do, and a reused pid is caught by the lapse. */
function readable(read: () => string): string {
  try {
    return read();
  } catch {
    return "-";
  }
}
