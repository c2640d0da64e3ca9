import type { Context } from "hono";
import { FetchRequest } from "./exchange.js";
import { member, textMember } from "./options.js";

/**
 * A request of Hono. On Node the headers that Node has parsed are at hand: a `Headers` for the sake of one cookie would cost as
 * much as the rest of the request.
 * @see https://hono.dev/docs/getting-started/nodejs#access-the-raw-node-js-apis
 */
export class HonoRequest extends FetchRequest {
  readonly #parsed: unknown;

  constructor(request: Request, env: unknown) {
    super(request);
    this.#parsed = member(member(env, "incoming"), "headers");
  }
  override header(name: string): string | undefined {
    if (this.#parsed === undefined) return super.header(name);
    const value = member(this.#parsed, name);
    return Array.isArray(value) ? value.join(", ") : textMember(this.#parsed, name);
  }
}

/** The part of Node's `ServerResponse` that is used here. */
interface Outgoing {
  writeHead(status: number, ...rest: readonly unknown[]): unknown;
  hasHeader(name: string): boolean;
  setHeader(name: string, value: string): unknown;
}

const name = "Cache-Control";
const value = "no-store";

/**
 * Keeps the answer out of every cache, unless the handler says otherwise. On Node the line is added when the head is written:
 * `c.header()` would make a `Headers` of it, and a header that was set before makes Node write the head in a slower way. Both
 * show in every guarded request.
 */
export function keepOutOfCaches({ env, header }: Context): void {
  const outgoing = member(env, "outgoing");
  if (!isOutgoing(outgoing)) return header(name, value);
  const writeHead = outgoing.writeHead.bind(outgoing);
  outgoing.writeHead = (status, ...rest) => {
    const [headers = {}] = rest;
    const isSaid = outgoing.hasHeader(name) || saysIt(headers);
    const isRecord = rest.length <= 1 && typeof headers === "object" && !Array.isArray(headers);
    // Note: a copy, because they may be the app's own.
    if (!isSaid && isRecord) return writeHead(status, { ...Object(headers), [name]: value });
    // Not as Hono calls it, but as the app may: what is set before gives way to what is passed.
    if (!isSaid) outgoing.setHeader(name, value);
    return writeHead(status, ...rest);
  };
}

function saysIt(headers: unknown): boolean {
  for (const said in Object(headers))
    if (said.length === name.length && said.toLowerCase() === "cache-control") return true;
  return false;
}

function isOutgoing(response: unknown): response is Outgoing {
  return (
    typeof member(response, "writeHead") === "function" && typeof member(response, "setHeader") === "function"
  );
}
