import type { Page } from "playwright-core";

/** What is in a page, by where it is. */
export interface PageContents {
  readonly address: string;
  /** The entries of the tab's history, as the browser keeps them. */
  readonly history: readonly string[];
  readonly markup: string;
  readonly timings: readonly string[];
  readonly localStorage: string;
  readonly sessionStorage: string;
  readonly databases: readonly string[];
  /** Those that scripts can read. */
  readonly cookies: string;
  readonly others: string;
}

/** Everything a script of the page could read without asking a server, and what the browser remembers of the tab. */
export async function readPageContents(page: Page): Promise<PageContents> {
  const inside = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    return {
      address: location.href,
      markup: document.documentElement.outerHTML,
      timings: performance.getEntries().map(({ name }) => name),
      localStorage: JSON.stringify(localStorage),
      sessionStorage: JSON.stringify(sessionStorage),
      databases: [...databases.map(({ name = "" }) => name), ...(await caches.keys())],
      cookies: document.cookie,
      others: JSON.stringify([document.referrer, window.name, history.state]),
    };
  });
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  await session.detach();
  return { ...inside, history: entries.map(({ url }) => url) };
}

/** The page's JavaScript heap, in the words of a heap snapshot: every string that a variable holds is in it, up to its 1,000th character. */
export async function readHeap(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await session.detach();
  return chunks.join("");
}
