import { StorageError } from "@bitbucket-auth/core";

/** Bytes of a key, a version or an owner, in UTF-8: what fits an index of every database. */
const longestText = 1_024;

/** Throws `StorageError` for a text that some database cannot keep as it is. It is not quoted: a key names an account. */
export function assertFits(text: string, what: string, longest: number = longestText): void {
  const refuse = (why: string): never => {
    throw new StorageError(`${what} ${why}.`, { action: "fix_config" });
  };
  if (typeof text !== "string") refuse("must be a string");
  if (text.includes("\0")) refuse("has a NUL character, which PostgreSQL cannot store. Leave it out");
  if (/\p{Surrogate}/u.test(text)) refuse("is not well-formed Unicode (a lone surrogate). Encode it");
  if (text.length * 3 <= longest) return;
  const { length } = new TextEncoder().encode(text);
  if (length > longest)
    refuse(`is ${length} bytes long, and ${longest} is the most that is taken. Shorten it`);
}

const lastCodePoint = 0x10ffff;

/**
 * The first text, in the order of code points, that comes after all texts that begin with `prefix`; `undefined` where none does.
 *
 * A range over an index finds them in every database; a LIKE ignores case in one, is a pattern in another and slow in a third.
 */
export function firstTextAfter(prefix: string): string | undefined {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (codePoints.at(-1) === lastCodePoint) codePoints.pop();
  const last = codePoints.pop();
  if (last === undefined) return undefined;
  // Note: surrogates are no characters.
  return String.fromCodePoint(...codePoints, last === 0xd7ff ? 0xe000 : last + 1);
}
