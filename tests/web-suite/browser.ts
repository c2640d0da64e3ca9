import { once } from "node:events";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import { text } from "node:stream/consumers";

/** An answer, read to its end. */
export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly setCookies: readonly string[];
  readonly text: string;
  /** What JSON says; an empty object for anything else. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever a test expects of it
  readonly body: any;
}

type Headers = Readonly<Record<string, string>>;

/** A browser as far as cookies go: it keeps what it is given, sends it back, and follows nothing by itself. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(path: string, headers?: Headers): Promise<BrowserAnswer>;
  post(path: string, headers?: Headers, body?: string | object): Promise<BrowserAnswer>;
}

/** What a browser says when a user opens a page. */
export const opensPage = {
  Accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "Sec-Fetch-Dest": "document",
};

/** `origin` answers where the app listens; `always` are headers of every request, for what a proxy would add. */
export function createBrowser(
  origin: () => Promise<string>,
  always: Headers | (() => Headers) = {},
): Browser {
  const cookies = new Map<string, string>();
  const send = async (
    method: string,
    path: string,
    headers: Headers,
    body?: string | object,
  ): Promise<BrowserAnswer> => {
    const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const given = {
      ...(jar !== "" && { Cookie: jar }),
      ...(typeof always === "function" ? always() : always),
      ...headers,
    };
    const answer = await exchange(await origin(), { method, path, headers: given, body });
    for (const line of answer.setCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  return {
    cookies,
    get: (path, headers = opensPage) => send("GET", path, headers),
    post: (path, headers = {}, body = "") => send("POST", path, headers, body),
  };
}

/** One request over a socket of its own, with exactly these headers: `fetch` would refuse some and add others. */
async function exchange(
  origin: string,
  {
    method,
    path,
    headers,
    body,
  }: { method: string; path: string; headers: Headers; body?: string | object | undefined },
): Promise<BrowserAnswer> {
  const { hostname, port } = new URL(origin);
  const content = typeof body === "object" ? JSON.stringify(body) : (body ?? "");
  const type = typeof body === "object" ? "application/json" : "application/x-www-form-urlencoded";
  const outgoing = request({
    hostname,
    port,
    method,
    path,
    agent: false,
    setDefaultHeaders: true,
    headers: {
      ...(method !== "GET" && { "Content-Type": type, "Content-Length": Buffer.byteLength(content) }),
      ...headers,
    },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    let failure: unknown;
    outgoing.once("response", resolve);
    // A server may refuse a body before it has read it: what counts is whether there was an answer.
    outgoing.on("error", (error) => (failure = error));
    outgoing.once("close", () => reject(failure));
  });
  outgoing.end(content === "" ? undefined : content);
  const incoming = await answered;
  const written = await text(incoming).catch(() => "");
  return {
    status: incoming.statusCode ?? 0,
    headers: single(incoming.headers),
    setCookies: incoming.headers["set-cookie"] ?? [],
    text: written,
    body: parse(written),
  };
}

function single(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

function parse(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return {};
  }
}

/** Serves a listener on a free port until the process ends; asked twice, it is the same server. */
export function served(listener: RequestListener): () => Promise<string> {
  let origin: Promise<string> | undefined;
  const listen = async (): Promise<string> => {
    const server = createServer(listener).listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  };
  return () => (origin ??= listen());
}

/** The `Set-Cookie` lines of an answer. */
export function setCookies({ setCookies: lines }: BrowserAnswer): readonly string[] {
  return lines;
}
