import { ApiRequestError, InvalidOptionsError } from "@bitbucket-auth/core";
import { assertFunction, assertOptions, readRetryAfter } from "@bitbucket-auth/core/internal";
import { isRecord, readSignal, type ApiAnswer, type ApiResponse, type CallOptions } from "./options.js";
import { sendCall } from "./send-call.js";

/** What `onPage` is called with. */
export interface PageProgress {
  /** Pages read so far, a count. */
  readonly pages: number;
  /** Items read so far, those of this page included. */
  readonly items: number;
  /** How many there are in all. Bitbucket does not always say. */
  readonly size?: number | undefined;
}

/** What `paginate` takes besides the list. */
export interface PaginateOptions {
  /** Ends the iteration with its reason, also during a call. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each page, before its items. */
  readonly onPage?: ((progress: PageProgress) => void) | undefined;
}

/**
 * Every item of a list, page after page, each page only when it is needed.
 *
 * Starts from a route or from a page that is already there, and follows `next` as Bitbucket spelled it. Some lists (pipelines,
 * variables) never send `next`: while their `size` says that there is more, the next number of `page` is asked for on the same
 * route. A `next` that leads away from the API rejects with `ForeignOriginError` and nothing is sent; pages that lead in a
 * circle end the iteration with `ApiRequestError`, so no item comes twice. A list that is still being computed (202 without a
 * body) rejects with a transient one. Items seen before an error stay seen: nothing is taken back.
 *
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
 */
export async function* paginate<Item = ApiAnswer>(
  source: ApiCaller,
  start: string | ApiAnswer,
  options: PaginateOptions = {},
): AsyncGenerator<Item, void, void> {
  assertOptions(options, "paginate()", ["signal", "onPage"]);
  const { signal, onPage } = options;
  readSignal(signal);
  if (onPage !== undefined) assertFunction(onPage, "onPage");
  if (typeof start !== "string" && !isRecord(start))
    throw new InvalidOptionsError("paginate() starts from a route or from a page.");
  const visited = new Set<string>();
  const route = typeof start === "string" ? start : undefined;
  let sendsNext = false;
  let asked: number | undefined;
  let last: Page<Item> | undefined;
  let items = 0;
  let answer = typeof start === "string" ? await readFrom(source, start, signal) : start;
  for (let pages = 1; ; pages += 1) {
    if (signal?.aborted) throw signal.reason;
    const page = readPage<Item>(answer);
    if (asked !== undefined && page.page !== undefined && page.page !== asked)
      throw noSuchPage(`Bitbucket answered page ${page.page} when page ${asked} was asked for`);
    if (asked !== undefined && page.page === undefined && isRepeated(page, last))
      throw noSuchPage(`Bitbucket answered with the page before again when page ${asked} was asked for`);
    items += page.values.length;
    onPage?.({ pages, items, size: page.size });
    for (const value of page.values) {
      if (signal?.aborted) throw signal.reason;
      yield value;
    }
    sendsNext ||= page.next !== undefined;
    asked = sendsNext ? undefined : numberOfNext(page, asked ?? numberInRoute(route), last);
    last = page;
    const next = page.next ?? (asked === undefined ? undefined : withPage(route, asked));
    if (next === undefined) return;
    if (visited.has(next))
      throw unreadable("Bitbucket's pages lead in a circle. Start again from the route of the list.");
    visited.add(next);
    answer = await readFrom(source, next, signal);
  }
}

interface Page<Item> {
  readonly values: readonly Item[];
  readonly next: string | undefined;
  readonly size: number | undefined;
  readonly page: number | undefined;
  readonly pagelen: number | undefined;
}

/**
 * The number of the page after this one, where `next` is never sent and the count says that there is one. A list that does not
 * number its pages begins with the one that was asked for; one that does not say how long a page is has pages as long as its first.
 */
function numberOfNext<Item>(
  { values, size, page, pagelen }: Page<Item>,
  asked: number,
  last: Page<Item> | undefined,
): number | undefined {
  const current = page ?? asked;
  const length = pagelen ?? Math.max(values.length, last?.values.length ?? 0);
  if (size === undefined || values.length === 0 || values.length < length) return undefined;
  return current * length < size ? current + 1 : undefined;
}

/** Which page a route asks for: the first, unless it says so. */
function numberInRoute(route: string | undefined): number {
  return Number(/[?&]page=(\d+)(?:&|$)/.exec(route ?? "")?.[1] ?? 1);
}

/** Whether a page that has no number holds what the one before held: its server takes no notice of `page`. */
function isRepeated<Item>({ values }: Page<Item>, last: Page<Item> | undefined): boolean {
  return values.length > 0 && JSON.stringify(values) === JSON.stringify(last?.values);
}

/** The route with another `page`, everything else as the caller spelled it. */
function withPage(route: string | undefined, page: number): string {
  if (route === undefined)
    throw unreadable("This page says that there are more, and not where. Start from the route of the list.");
  const [path = "", query = ""] = route.split(/\?(.*)/s, 2);
  const kept = query.split("&").filter((part) => part !== "" && !/^page(?:=|$)/.test(part));
  return `${path}?${[...kept, `page=${page}`].join("&")}`;
}

function readPage<Item>(page: unknown): Page<Item> {
  if (!isRecord(page) || !Array.isArray(page["values"]))
    throw unreadable(
      "This answer is not a page: it has no `values`. Check the route: only lists have pages.",
    );
  const number = (name: string): number | undefined => {
    const value = page[name];
    return typeof value === "number" ? value : undefined;
  };
  const { values, next } = page;
  return {
    values,
    next: typeof next === "string" && next !== "" ? next : undefined,
    size: number("size"),
    page: number("page"),
    pagelen: number("pagelen"),
  };
}

function noSuchPage(what: string): ApiRequestError {
  return unreadable(`${what}. This list takes no notice of \`page\`: ask for more of it with \`pagelen\`.`);
}

function unreadable(message: string): ApiRequestError {
  return new ApiRequestError(message, { transient: false, action: "fix_config" });
}

/** What `paginate` and `whoAmI` call with: an API object of this package, or a `fetch` of core's `fetchFor()`. */
export type ApiCaller =
  | typeof globalThis.fetch
  | {
      get(
        route: string,
        parameters: undefined,
        options: CallOptions & { readonly withResponse: true },
      ): Promise<ApiResponse>;
    };

/**
 * Reads a route with either kind of caller. Rejects with `InvalidOptionsError` for anything else, and with a transient error for
 * what is not an answer yet: a 202 that is no page, or the web page of a proxy.
 */
export async function readFrom(source: ApiCaller, route: string, signal?: AbortSignal): Promise<unknown> {
  const { data, status, headers } = await askFrom(source, route, signal);
  const isPage = isRecord(data) && Array.isArray(data["values"]);
  if (status === 202 && !isPage) {
    const delayMs = readRetryAfter(new Headers(headers), Date.now());
    throw new ApiRequestError("Bitbucket is still computing this answer (202). Try again in a moment.", {
      status,
      ...(delayMs !== undefined && { retryAt: Date.now() + delayMs }),
      transient: true,
      action: "retry",
    });
  }
  if (typeof data === "string" && /\bhtml\b/i.test(headers["content-type"] ?? "")) {
    throw new ApiRequestError(
      `A web page came in place of Bitbucket's answer (${status}), as from a proxy or during maintenance. Try again.`,
      { status, transient: true, action: "retry" },
    );
  }
  return data;
}

async function askFrom(source: ApiCaller, route: string, signal?: AbortSignal): Promise<ApiResponse> {
  if (typeof source === "function")
    return sendCall({ method: "GET", target: route }, { fetch: source, signal });
  if (isRecord(source) && typeof source.get === "function")
    return source.get(route, undefined, { signal, withResponse: true });
  throw new InvalidOptionsError("Pass an API object or a fetch of auth.fetchFor().");
}
