import { join } from "node:path";
import type { Place } from "./draft.js";
import { numberedName, numbersOf } from "./file-name.js";
import { removeFile, unless } from "./file-system.js";
import { parseLeaseFile, type LeaseHolder } from "./lease-holder.js";
import { readPrivateFile } from "./private-access.js";

/** The leases of one entry: numbered files, of which the highest is the one that counts. Its number is the fence. */
export interface LeaseFiles {
  readonly place: Place;
  readonly directory: string;
}

/** The state of a lease: its modification time says when it lapses, by the clock of the file system. 0: it was released. */
export interface LeaseState {
  readonly ino: number;
  readonly lapsesAt: number;
}

/** A lease as it is found, with its holder. */
export interface FoundLease extends LeaseState {
  readonly number: number;
  /** `null` when the file does not tell; then the time alone decides. */
  readonly holder: LeaseHolder | null;
}

const longestWriteMs = 1_000;

export function leasePath({ directory }: LeaseFiles, number: number): string {
  return join(directory, numberedName("lease", number));
}

export async function highestLeaseNumber({ place, directory }: LeaseFiles): Promise<number> {
  return numbersOf("lease", await place.fs.readdir(directory))[0] ?? 0;
}

/** The leases that are there, highest first: one, or more while a takeover is under way or was cut short. */
export async function findLeases(files: LeaseFiles): Promise<FoundLease[]> {
  const numbers = numbersOf("lease", await files.place.fs.readdir(files.directory));
  return Promise.all(numbers.map((number) => findLease(files, number)));
}

async function findLease(files: LeaseFiles, number: number): Promise<FoundLease> {
  const state = await leaseState(files, number);
  const file = await readPrivateFile(files.place.fs, leasePath(files, number));
  // Note: a lease that vanishes while it is looked at is changing hands, so it counts as held.
  if (!state || !file) return { number, ino: 0, lapsesAt: Number.POSITIVE_INFINITY, holder: null };
  return { number, ...state, holder: parseLeaseFile(file.text) };
}

export async function leaseState(files: LeaseFiles, number: number): Promise<LeaseState | null> {
  const stats = await unless(files.place.fs.stat(leasePath(files, number)), ["ENOENT"], null);
  if (!stats) return null;
  const { ino, mtimeMs, ctimeMs } = stats;
  // Note: without hard links a lease has its name before it has its lapse, and is not free in between.
  const isBeingWritten = mtimeMs === ctimeMs && !(await files.place.hasLinks());
  return { ino, lapsesAt: isBeingWritten ? mtimeMs + longestWriteMs : mtimeMs };
}

/** Says when a lease lapses; `false` when it is no longer there. */
export async function setLapse({ place }: LeaseFiles, path: string, lapsesAt: number): Promise<boolean> {
  return unless(
    place.fs.utimes(path, lapsesAt / 1000, lapsesAt / 1000).then(() => true),
    ["ENOENT"],
    false,
  );
}

/** Removes the leases before the one that counts. */
export async function collectLeases(files: LeaseFiles, number: number): Promise<void> {
  const numbers = numbersOf("lease", await files.place.fs.readdir(files.directory));
  for (const old of numbers.filter((each) => each < number))
    await removeFile(files.place.fs, leasePath(files, old));
}
