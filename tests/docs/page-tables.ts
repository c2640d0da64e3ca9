/** The rows of a page's tables under one heading, header rows left out; each row is its cells as written. */
export function rowsUnder(text: string, heading: string): string[][] {
  const section = sectionUnder(text, heading);
  return section
    .split("\n")
    .filter((line, index, lines) => line.startsWith("|") && lines[index - 1]?.startsWith("|"))
    .map(cellsOf)
    .filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
}

/** What the first cells of those rows name in code type, in order. */
export function namesUnder(text: string, heading: string): string[] {
  return rowsUnder(text, heading).flatMap(([first = ""]) =>
    Array.from(first.matchAll(/`([^`]+)`/g), ([, name = ""]) => name),
  );
}

/** From a heading to the next one of any level. */
function sectionUnder(text: string, heading: string): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.replace(/^#+ /, "") === heading && line.startsWith("#"));
  if (start === -1) throw new Error(`There is no heading "${heading}".`);
  const length = lines.slice(start + 1).findIndex((line) => /^#{1,6} /.test(line));
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join("\n");
}

/** An escaped bar belongs to its cell. */
function cellsOf(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
