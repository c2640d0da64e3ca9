import { everyPage } from "./markdown-pages.ts";

/** A fenced block of TypeScript in a page of documentation. */
export interface CodeBlock {
  /** The page, from the root. */
  readonly page: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly code: string;
  /** Marked `ts run`: it is not only compiled. */
  readonly runs: boolean;
}

/** Every TypeScript block of every page in the repository. */
export async function everyCodeBlock(): Promise<CodeBlock[]> {
  const pages = await everyPage();
  return pages.flatMap(({ page, text }) => codeBlocksOf(page, text));
}

/** The TypeScript blocks of one page. */
export function codeBlocksOf(page: string, text: string): CodeBlock[] {
  const fences = text.matchAll(/^```(?:ts|typescript)( run)?\n(.*?)^```$/gms);
  return Array.from(fences, ({ 1: run, 2: code = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    code,
    runs: run !== undefined,
  }));
}
