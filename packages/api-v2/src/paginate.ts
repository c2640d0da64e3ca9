import { ApiRequestError } from "@bitbucket-auth/core";
import { readFrom, type ApiSource } from "./api-source.js";
import type { ApiAnswer } from "./bitbucket-api.js";
import { isRecord } from "./json-object.js";
import { readOptions, readSignal } from "./read-options.js";

/** How far a pagination has come. */
export interface PageProgress {
  /** Pages read so far, a count. */
  readonly pages: number;
  /** Items read so far, those of this page included. */
  readonly items: number;
  /** How many there are in all. Bitbucket does not always say. */
  readonly size?: number | undefined;
}

/** Who may end an iteration, and who follows it. */
export interface PaginateOptions {
  /** Ends the iteration with its reason, also in the middle of a call. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each page before its items come. */
  readonly onPage?: (progress: PageProgress) => void;
}

/**
 * Every item of a list, page after page, each page only when it is needed.
 *
 * Starts from a route or from a page that is already there, and follows `next` as Bitbucket spelled it. A `next` that leads
 * away from the API rejects with `ForeignOriginError` and nothing is sent; one that leads in a circle ends the iteration with
 * `ApiRequestError`. Items seen before an error stay seen: nothing is taken back.
 */
export async function* paginate<Item = ApiAnswer>(
  source: ApiSource,
  start: string | ApiAnswer,
  options: PaginateOptions = {},
): AsyncGenerator<Item, void, void> {
  const { signal, onPage } = readOptions(options);
  readSignal(signal);
  const visited = new Set<string>();
  let items = 0;
  let page = typeof start === "string" ? await readFrom(source, start, signal) : start;
  for (let pages = 1; ; pages += 1) {
    signal?.throwIfAborted();
    const { values, next, size } = readPage<Item>(page);
    items += values.length;
    onPage?.({ pages, items, size });
    for (const value of values) {
      signal?.throwIfAborted();
      yield value;
    }
    if (next === undefined) return;
    if (visited.has(next)) throw notAPage("Bitbucket's pages lead in a circle");
    visited.add(next);
    page = await readFrom(source, next, signal);
  }
}

interface Page<Item> {
  readonly values: readonly Item[];
  readonly next: string | undefined;
  readonly size: number | undefined;
}

function readPage<Item>(page: unknown): Page<Item> {
  if (!isRecord(page) || !Array.isArray(page["values"]))
    throw notAPage("This answer is not a page: it has no `values`");
  const { values, next, size } = page;
  return {
    values,
    next: typeof next === "string" ? next : undefined,
    size: typeof size === "number" ? size : undefined,
  };
}

function notAPage(what: string): ApiRequestError {
  return new ApiRequestError(`${what}. Check the route: only lists have pages.`, {
    transient: false,
    action: "fix_config",
  });
}
