import { readFile, readdir } from "node:fs/promises";
import { join, sep } from "node:path";

/** A page of the built site. */
export interface BuiltPage {
  /** From the site's folder, as `docs/guides/storm.html`. */
  readonly path: string;
  readonly html: string;
  readonly anchors: ReadonlySet<string>;
}

/** Every page in `folder`, by its path. */
export async function readPages(folder: string): Promise<ReadonlyMap<string, BuiltPage>> {
  const names = await readdir(folder, { recursive: true });
  const pages = await Promise.all(
    names.filter((name) => name.endsWith(".html")).map((name) => readPage(folder, name)),
  );
  return new Map(pages.map((page) => [page.path, page]));
}

async function readPage(folder: string, name: string): Promise<BuiltPage> {
  const html = await readFile(join(folder, name), "utf8");
  const anchors = new Set(Array.from(html.matchAll(/ id="([^"]*)"/g), ([, id = ""]) => id));
  return { path: name.replaceAll(sep, "/"), html, anchors };
}

/** Every address a page leads to or loads from, resolved as a browser does on a site that stands at `http://site/`. */
export function addressesOf({ path, html }: BuiltPage): URL[] {
  const found = html.matchAll(/ (?:href|src|srcset|data-base)="([^"]*)"/g);
  return Array.from(found, ([, address = ""]) => new URL(decodeEntities(address), `http://site/${path}`));
}

/** The addresses that a page loads by itself. */
export function loadedBy(page: BuiltPage): URL[] {
  const tags = page.html.match(/<(?:link|script|img|iframe|source|video|audio|object|embed)\b[^>]*>/g) ?? [];
  return addressesOf({ ...page, html: tags.join("") });
}

function decodeEntities(attribute: string): string {
  return attribute.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}
