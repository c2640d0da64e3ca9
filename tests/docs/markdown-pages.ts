import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A page of documentation. */
export interface MarkdownPage {
  /** From the root. */
  readonly page: string;
  readonly text: string;
}

/** Every Markdown page of the repository; what tools write (changelogs, caches, builds) is left out. */
export async function everyPage(): Promise<MarkdownPage[]> {
  const pages: MarkdownPage[] = [];
  for await (const path of markdownFiles(root))
    pages.push({ page: relative(root, path), text: await readFile(path, "utf8") });
  return pages;
}

async function* markdownFiles(directory: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !/^(node_modules|dist|\..*)$/.test(entry.name)) yield* markdownFiles(path);
    if (entry.isFile() && entry.name.endsWith(".md") && entry.name !== "CHANGELOG.md") yield path;
  }
}
