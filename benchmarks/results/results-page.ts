import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { withSection } from "./page-section.ts";

/** The page that the benchmarks write. */
export const resultsPage: string = fileURLToPath(new URL("../RESULTS.md", import.meta.url));

/** The picture on it. */
export const resultsPicture: string = fileURLToPath(new URL("../results.svg", import.meta.url));

const emptyPage = `# Results

Commands wrote this page, and every number on it comes from their last run. Speeds depend on the machine and on what else it
did: compare them within one table only. Counts do not.
`;

/** The parts of the page, each written by a command of its own. */
export type Section = "rivals" | "scale" | "compared";

/** Replaces one part of the page and keeps the others. */
export async function writeResults(section: Section, text: string): Promise<void> {
  const page = await readFile(resultsPage, "utf8").catch(() => emptyPage);
  await writeFile(resultsPage, withSection(page, section, text));
}
