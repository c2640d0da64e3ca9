import type { FlowName } from "./flow-project.ts";
import type { Verdict } from "./verdict.ts";

/** What was seen on one runtime. */
export interface RuntimeResult {
  readonly name: string;
  readonly version: string;
  readonly verdicts: Readonly<Partial<Record<FlowName, Verdict>>>;
}

const begin = "<!-- runtimes: made by `npm run runtimes` -->";
const end = "<!-- /runtimes -->";

/** Puts the table in place of the one between the marks. Throws when the marks are not there. */
export function replaceTable(readme: string, table: string): string {
  const [before, rest] = split(readme, begin);
  const [, after] = split(rest, end);
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}

/** The rows of the table between the marks, cell by cell, the heading first. */
export function readTable(readme: string): readonly (readonly string[])[] {
  const [table] = split(split(readme, begin)[1], end);
  const lines = table.split("\n").filter((line) => line.startsWith("|") && !/^\|[\s|-]+$/.test(line));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** One row for each runtime, one column for each step of core's flow and for each of the other flows. */
export function renderTable(results: readonly RuntimeResult[], date: string): string {
  const steps = Object.keys(results[0]?.verdicts.core ?? {});
  const heading = ["Runtime", "Version", ...steps, "`storage-file`", "`express`", "across requests"];
  const rows = results.map(({ name, version, verdicts }) => [
    name,
    version,
    ...steps.map((step) => verdicts.core?.[step] ?? "not tried"),
    summary(verdicts["storage-file"]),
    summary(verdicts.express),
    summary(verdicts.requests),
  ]);
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(heading), rule, ...rows.map(line), "", `Seen on ${date}, on Linux, x64.`].join("\n");
}

function summary(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "–";
  return Object.values(verdict).find((outcome) => outcome !== "ok") ?? "ok";
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`The page lacks the mark ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
