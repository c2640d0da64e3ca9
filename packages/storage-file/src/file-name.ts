import { createHash } from "node:crypto";
import { StorageError } from "@bitbucket-auth/core";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The directory of a key: base32 of its SHA-256. Whatever a key holds (`..`, `:`, a name reserved by Windows), no part of
 * it reaches the path, and a file system that ignores case cannot confuse two keys.
 */
export function entryDirectoryName(key: string): string {
  // Note: as bytes, every lone surrogate is the same U+FFFD.
  if (/\p{Surrogate}/u.test(key)) {
    throw new StorageError("A storage key is not well-formed Unicode (a lone surrogate). Choose another.", {
      action: "fix_config",
    });
  }
  const bits = Array.from(createHash("sha256").update(key).digest(), (byte) =>
    byte.toString(2).padStart(8, "0"),
  );
  const groups = bits.join("").match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
}

/** Files that follow each other in a directory are numbered; the highest number is the one that counts. */
export type NumberedKind = "json" | "lease";

/** The name of the nth file of a kind. */
export function numberedName(kind: NumberedKind, number: number): string {
  return `${number}.${kind}`;
}

/** The numbers of the files of a kind, highest first. Other files are none of our business. */
export function numbersOf(kind: NumberedKind, names: readonly string[]): number[] {
  return names
    .map((name) => /^([1-9]\d{0,14})\.([a-z]+)$/.exec(name))
    .filter((match) => match?.[2] === kind)
    .map((match) => Number(match?.[1]))
    .toSorted((one, other) => other - one);
}
