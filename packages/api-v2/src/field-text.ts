import { InvalidOptionsError } from "@bitbucket-auth/core";

/** A value of a field as text. Throws `InvalidOptionsError` for what has none, a stream say: it would be lost unseen. */
export function fieldText(value: unknown): string {
  const text = String(value);
  return typeof value === "object" && text.startsWith("[object ") ? refuseField() : text;
}

/** Throws what a field of another kind ends in. */
export function refuseField(): never {
  throw new InvalidOptionsError("A field can be text, a Blob, bytes or files by name, but no stream.");
}
