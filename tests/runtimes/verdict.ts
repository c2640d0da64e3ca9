import type { Verdict } from "./programs/run-steps.ts";

export type { Verdict };

/** Reads what a program printed. Throws when that is anything but a verdict. */
export function readVerdict(text: string): Verdict {
  const verdict: unknown = JSON.parse(text);
  if (typeof verdict !== "object" || verdict === null) throw new Error(`Not a verdict: ${text}`);
  const entries = Object.entries(verdict).map(([step, outcome]) => [step, String(outcome)]);
  if (entries.length === 0) throw new Error("A verdict about nothing");
  return Object.fromEntries(entries);
}
