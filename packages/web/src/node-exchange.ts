import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { WebAnswer, WebRequest } from "./exchange.js";
import { member } from "./options.js";
import { originOf } from "./same-origin.js";

/** What a framework on Node knows better than Node. */
export interface NodeFacts {
  readonly native?: unknown;
  readonly target?: string;
  readonly mount?: string;
  readonly secure?: boolean;
  readonly origin?: () => string | undefined;
}

/** A request of Node's server, seen as the flow's. Nothing is read ahead. */
export class NodeRequest implements WebRequest {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #facts: NodeFacts;

  constructor(req: IncomingMessage, res: ServerResponse, facts: NodeFacts = {}) {
    this.#req = req;
    this.#res = res;
    this.#facts = facts;
  }
  get native(): unknown {
    return this.#facts.native ?? this.#req;
  }
  get method(): string {
    return this.#req.method ?? "GET";
  }
  get target(): string {
    return pathOnly(this.#facts.target ?? this.#req.url ?? "/");
  }
  get mount(): string {
    return this.#facts.mount ?? "";
  }
  get secure(): boolean {
    // Note: in HTTP/2 the member is there in clear as well, as `false`.
    return this.#facts.secure ?? member(this.#req.socket, "encrypted") === true;
  }
  get bodyUsed(): boolean {
    return this.#req.readableEnded;
  }
  origin(): string | undefined {
    const { origin } = this.#facts;
    return origin ? origin() : originOf(this.secure ? "https" : "http", this.header("host"));
  }
  header(name: string): string | undefined {
    const { headers } = this.#req;
    // HTTP/2 says the host in a field of its own (RFC 9113 section 8.3.1).
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
    return Array.isArray(value) ? value.join(", ") : value;
  }
  headers(): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(this.#req.headers)) {
      // `:method`, `:path` and the like of HTTP/2 are no headers.
      if (name.startsWith(":")) continue;
      for (const line of [value ?? []].flat()) headers.append(name, line);
    }
    return headers;
  }
  body(): AsyncIterable<Uint8Array> | undefined {
    const { "content-length": length, "transfer-encoding": encoding } = this.#req.headers;
    const isTold = length !== undefined || encoding !== undefined;
    // HTTP/2 has no need to tell: what came with the headers already has its end.
    return isTold || (this.#req.httpVersionMajor > 1 && !this.#req.complete) ? this.#req : undefined;
  }
  gone(): AbortSignal {
    const gone = new AbortController();
    if (this.#res.closed) gone.abort();
    else this.#res.once("close", () => gone.abort());
    return gone.signal;
  }
}

/** A client may send a whole address as the target (RFC 9112 section 3.2.2): only its path is ours to act on. */
function pathOnly(target: string): string {
  if (target.startsWith("/")) return target;
  const [, path = "/"] = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*(\/.*)?$/i.exec(target) ?? [];
  return path;
}

/** Writes an answer of the flow, besides what the app has set already. */
export async function sendAnswer(answer: WebAnswer, res: ServerResponse): Promise<void> {
  if (answer.isSent || res.closed) return;
  writeAnswerHead(answer, res);
  const { body } = answer;
  if (body === undefined || typeof body === "string") return void res.end(body);
  let isGone = false;
  res.once("close", () => (isGone = !res.writableFinished));
  try {
    await pipeline(body, res);
  } catch (error) {
    if (!isGone) throw error;
  }
}

/** Status, headers and cookies of an answer. */
export function writeAnswerHead({ status, headers, cookies }: WebAnswer, res: ServerResponse): void {
  for (const [name, value] of headers) res.setHeader(name, value);
  for (const cookie of cookies) res.appendHeader("Set-Cookie", cookie);
  res.statusCode = status;
}
