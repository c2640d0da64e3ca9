/**
 * Puts a text between the two marks of a section of a page and leaves everything else alone; a section that is not there yet
 * is added at the end.
 */
export function withSection(page: string, name: string, text: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const section = `${open}\n\n${text.trim()}\n\n${close}`;
  const [start, end] = [page.indexOf(open), page.indexOf(close)];
  if (start === -1 || end < start) return `${page.trimEnd()}\n\n${section}\n`;
  return page.slice(0, start) + section + page.slice(end + close.length);
}

/** What stands in a section of a page; empty when there is none. */
export function sectionOf(page: string, name: string): string {
  const [, after = ""] = page.split(`<!-- ${name} -->`);
  return after.split(`<!-- /${name} -->`)[0]?.trim() ?? "";
}
