import type { Table } from "./table.ts";

/** A table as a part of a Markdown page: heading, method, rows, reading. What cells hold cannot break out of them. */
export function toMarkdown({ title, method, columns, rows, reading }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
  const ruler = columns.map((_, index) => (isOfNumbers(rows, index) ? "---:" : "---"));
  return [`### ${title}`, "", method, "", line(columns), line(ruler), ...rows.map(line), "", reading].join(
    "\n",
  );
}

/** Whether a column is best read from the right: numbers, and marks where there is none. */
function isOfNumbers(rows: readonly (readonly string[])[], column: number): boolean {
  return rows.every((row) => /^(–|[\d.,]+)$/.test(row[column] ?? ""));
}
