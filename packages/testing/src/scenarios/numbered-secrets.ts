/** Gives tokens and codes numbers in the order in which they turn up, so that two runs tell the same story. */
export interface NumberedSecrets {
  /** The number of a value of this kind; a new one when it was not seen before. */
  numberOf(kind: SecretKind, value: string): number;
  /** The value with that number. Throws when none has it. */
  valueOf(kind: SecretKind, number: number): string;
}

export type SecretKind = "access token" | "refresh token" | "code";

export function createNumberedSecrets(): NumberedSecrets {
  const seen: Readonly<Record<SecretKind, string[]>> = { "access token": [], "refresh token": [], code: [] };
  return {
    numberOf(kind, value) {
      const index = seen[kind].indexOf(value);
      return index === -1 ? seen[kind].push(value) : index + 1;
    },
    valueOf(kind, number) {
      const value = seen[kind][number - 1];
      if (value === undefined) throw new Error(`The story has no ${kind} ${number} yet`);
      return value;
    },
  };
}
