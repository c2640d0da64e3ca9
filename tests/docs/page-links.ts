/** A link of a page to something in this repository. */
export interface PageLink {
  /** The line it stands on, from 1. */
  readonly line: number;
  /** As written: a path from the page, an anchor, or both. */
  readonly target: string;
}

/** The links of a page that lead to a file or a heading, not to the web. What is in code is no link. */
export function linksOf(text: string): PageLink[] {
  const prose = withoutCode(text);
  const links = prose.matchAll(/\]\(\s*<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm);
  return Array.from(links, ({ 1: inline, 2: reference, index }) => ({
    line: prose.slice(0, index).split("\n").length,
    target: inline ?? reference ?? "",
  })).filter(({ target }) => !/^[a-z][a-z\d+.-]*:/i.test(target));
}

/** The anchors of a page's headings, as code hosts make them: words with dashes, repeats numbered. */
export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(heading);
    const repeats = seen.get(slug) ?? 0;
    seen.set(slug, repeats + 1);
    anchors.add(repeats === 0 ? slug : `${slug}-${repeats}`);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

/** Lines and columns stay where they were. */
function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
}

function withoutFences(text: string): string {
  return text.replaceAll(/^(`{3,}).*?^\1\s*$/gms, (code) => code.replaceAll(/[^\n]/g, " "));
}
