/** One measurement, ready to be printed. */
export interface Table {
  readonly title: string;
  /** What was done, in a sentence or two. */
  readonly method: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What to see in it, in one line. */
  readonly reading: string;
}

/** What stands where a library has no such feature and leaves the matter to its user. */
export const absent = "–";

/** A number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en");
}
