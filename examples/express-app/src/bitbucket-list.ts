import { readApiError } from "@bitbucket-auth/core";
import type { BitbucketRequest } from "@bitbucket-auth/express";
import { html, type Html } from "./html.ts";
import { member } from "./json.ts";

/** One page of one of Bitbucket's lists. */
export interface BitbucketList {
  readonly values: readonly unknown[];
  readonly page: number;
  readonly hasMore: boolean;
  /** How many there are in all, where Bitbucket counts. */
  readonly size: number | undefined;
}

/** Reads page `page` of a list. Rejects with core's errors. */
export async function readList(
  { fetch }: BitbucketRequest,
  path: string,
  {
    page = 1,
    ...query
  }: { readonly page?: number; readonly [name: string]: string | number | undefined } = {},
): Promise<BitbucketList> {
  const parameters = new URLSearchParams({ pagelen: "10", page: String(page) });
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value));
  const response = await fetch(`${path}?${parameters.toString()}`);
  if (!response.ok) throw await readApiError(response);
  const body: unknown = await response.json();
  const values = member(body, "values");
  const size = member(body, "size");
  return {
    values: Array.isArray(values) ? values : [],
    page,
    hasMore: typeof member(body, "next") === "string",
    size: typeof size === "number" ? size : undefined,
  };
}

/** The page that was asked for: `?page=2`. */
export function pageNumber(query: unknown): number {
  const wanted = member(query, "page");
  return typeof wanted === "string" && /^[1-9]\d{0,4}$/.test(wanted) ? Number(wanted) : 1;
}

/** Links to the page before and after, keeping the rest of the query. */
export function pager(
  { page, hasMore, size }: BitbucketList,
  query: Readonly<Record<string, string>> = {},
): Html {
  const to = (number: number): string =>
    `?${new URLSearchParams({ ...query, page: String(number) }).toString()}`;
  if (page === 1 && !hasMore) return html``;
  return html`<nav class="pager" aria-label="Pages">
    ${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">← Previous</a>` : html`<span></span>`}
    <span>Page ${page}${size !== undefined && html` of ${Math.max(1, Math.ceil(size / 10))}`}</span>
    ${hasMore ? html`<a rel="next" href="${to(page + 1)}">Next →</a>` : html`<span></span>`}
  </nav>`;
}
