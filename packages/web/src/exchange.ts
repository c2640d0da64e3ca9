import { originOf } from "./same-origin.js";

/**
 * A request as the sign-in flow sees it, whatever framework it came through. An adapter makes one from what its framework has,
 * reading nothing ahead: most requests are asked for one header.
 */
export interface WebRequest {
  readonly method: string;
  /** Path and query as the browser sent them, with whatever the app is mounted at: `/app/repos?page=2`. */
  readonly target: string;
  /** The part of the path that the framework has routed away already, such as `/app`; else empty. */
  readonly mount: string;
  /** Whether the browser speaks https to its peer, as far as the connection or a trusted proxy tells. */
  readonly secure: boolean;
  /** The origin in the address bar, as far as the request tells; `undefined` when it tells none. */
  origin(): string | undefined;
  /** By lower-case name. One that was sent twice answers both, joined by a comma. */
  header(name: string): string | undefined;
  /** All of them. Made when it is asked for. */
  headers(): Headers;
  /** `undefined` when there is none. */
  body(): AsyncIterable<Uint8Array> | undefined;
  /** Whether a body parser has taken the body already. */
  readonly bodyUsed: boolean;
  /** Aborts when the client no longer waits for the answer. Made when it is asked for. */
  gone(): AbortSignal;
  /** The framework's own request. */
  readonly native: unknown;
}

/** A platform `Request`, seen as the flow's. Nothing is read ahead: that would show in every guarded request. */
export class FetchRequest implements WebRequest {
  readonly native: Request;
  #target: string | undefined;

  constructor(native: Request) {
    this.native = native;
  }
  get method(): string {
    return this.native.method;
  }
  get target(): string {
    return (this.#target ??= this.#readTarget());
  }
  get mount(): string {
    return "";
  }
  get secure(): boolean {
    return this.native.url.startsWith("https:");
  }
  get bodyUsed(): boolean {
    return this.native.bodyUsed;
  }
  origin(): string | undefined {
    // Note: Next.js puts the address it listens at into the URL, whatever the browser asked for.
    return originOf(this.secure ? "https" : "http", this.header("host") ?? new URL(this.native.url).host);
  }
  header(name: string): string | undefined {
    return this.native.headers.get(name) ?? undefined;
  }
  headers(): Headers {
    return this.native.headers;
  }
  body(): AsyncIterable<Uint8Array> | undefined {
    return this.native.body ? readStream(this.native.body) : undefined;
  }
  gone(): AbortSignal {
    return this.native.signal;
  }
  /** The URL is in the one form that `new URL` would give it. */
  #readTarget(): string {
    const { url } = this.native;
    const path = url.indexOf("/", url.indexOf("://") + 3);
    const hash = url.indexOf("#", path);
    return hash === -1 ? url.slice(path) : url.slice(path, hash);
  }
}

/** A platform `Request`, seen as a `WebRequest`. */
export function fromRequest(request: Request): WebRequest {
  return new FetchRequest(request);
}

/** What a server component or another place without a `Request` has: headers. */
export function fromHeaders(headers: Pick<Headers, "get">): WebRequest {
  return {
    method: "GET",
    target: "/",
    mount: "",
    secure: headers.get("x-forwarded-proto") === "https",
    origin: () => undefined,
    header: (name) => headers.get(name) ?? undefined,
    headers: () => new Headers(),
    body: () => undefined,
    bodyUsed: false,
    gone: () => new AbortController().signal,
    native: headers,
  };
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The path without its query. */
export function pathOf({ target }: WebRequest): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}

/** The query as it was sent: the parsers of frameworks make lists and objects of it, each in its own way. */
export function queryOf({ target }: WebRequest): URLSearchParams {
  const question = target.indexOf("?");
  return new URLSearchParams(question === -1 ? "" : target.slice(question + 1));
}

/** What a browser fetches to show it as a page. */
const pages: ReadonlySet<string> = new Set(["document", "iframe", "frame", "embed", "object"]);

/** Whether a program asks and not a page: a redirect to a consent page would be of no use to it. */
export function wantsJson(request: WebRequest): boolean {
  const destination = request.header("sec-fetch-dest");
  if (destination !== undefined && !pages.has(destination)) return true;
  if (request.header("x-requested-with")?.toLowerCase() === "xmlhttprequest") return true;
  const accept = request.header("accept");
  if (accept === undefined) return false;
  const [html, json] = [quality(accept, "text/html"), quality(accept, "application/json")];
  if (html || json) return isPreferred(json, html);
  return /\+json\b/.test(accept);
}

/** How much an `Accept` header wants a type (RFC 9110 section 12.5.1): by weight, then by how exactly it names it, then by order. */
type Wanted = readonly [weight: number, exactness: number, order: number];

function quality(accept: string, type: string): Wanted | undefined {
  const [family = ""] = type.split("/");
  const exactness = new Map([
    [type, 2],
    [`${family}/*`, 1],
    ["*/*", 0],
  ]);
  let best: Wanted | undefined;
  for (const [order, range] of accept.split(",").entries()) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const exact = exactness.get(name);
    if (exact === undefined || (best && best[1] >= exact)) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    best = [Number(weight) || 0, exact, -order];
  }
  return best && best[0] > 0 ? best : undefined;
}

function isPreferred(one: Wanted | undefined, other: Wanted | undefined): boolean {
  if (!one || !other) return one !== undefined;
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? 0;
    if (value !== against) return value > against;
  }
  return false;
}

/** An answer as the sign-in flow makes it. An adapter writes it out through its framework. */
export interface WebAnswer {
  status: number;
  /** By lower-case name. */
  readonly headers: Map<string, string>;
  /** `Set-Cookie` lines, each on its own. */
  readonly cookies: string[];
  body?: string | ReadableStream<Uint8Array> | undefined;
  /** The adapter has answered already, in its framework's way. */
  readonly isSent?: boolean;
}

/** An empty answer that no cache may store, and whose address, which may hold a code, is not sent on as the referrer. */
export function privateAnswer(status: number): WebAnswer {
  const headers = new Map([
    ["cache-control", "no-store"],
    ["referrer-policy", "no-referrer"],
  ]);
  return { status, headers, cookies: [] };
}

/** Sends the browser elsewhere, without a body that would repeat the address. */
export function redirect(status: 302 | 303, location: string): WebAnswer {
  const answer = privateAnswer(status);
  answer.headers.set("location", location);
  return answer;
}

/** A `Response` of the platform. */
export function toResponse({ status, headers, cookies, body }: WebAnswer): Response {
  const lines = new Headers([...headers]);
  for (const cookie of cookies) lines.append("set-cookie", cookie);
  return new Response(status === 204 || status === 304 ? null : (body ?? null), { status, headers: lines });
}
