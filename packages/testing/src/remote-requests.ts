import type { GrantType } from "./grant-type.js";
import type { JsonFields } from "./json-fields.js";
import { isOp, type Op } from "./operation.js";
import type { RemoteCall } from "./remote-call.js";
import type { RequestEntry, Violation } from "./request-log.js";
import type { WireMatcher } from "./wire-faults.js";

/** `RequestLog` from another process. */
export interface RemoteRequests {
  all(): Promise<readonly RequestEntry[]>;
  token(grantType?: GrantType): Promise<readonly RequestEntry[]>;
  api(path?: string): Promise<readonly RequestEntry[]>;
  /** How many match. Cheap, however long the log is. */
  count(matcher: WireMatcher): Promise<number>;
  waitFor(
    matcher: WireMatcher,
    options?: { readonly count?: number; readonly timeoutMs?: number },
  ): Promise<readonly RequestEntry[]>;
}

export function createRemoteRequests(call: RemoteCall): RemoteRequests {
  const all = async (): Promise<readonly RequestEntry[]> => {
    const answer = await call("requests");
    return answer.list().map(readEntry);
  };
  return {
    all,
    async token(grantType) {
      const entries = await all();
      return entries.filter((entry) =>
        grantType === undefined ? entry.op.startsWith("token") : entry.op === `token:${grantType}`,
      );
    },
    async api(path) {
      const entries = await all();
      return entries.filter((entry) => entry.op === "api" && (path === undefined || entry.path === path));
    },
    async count(matcher) {
      const answer = await call("requests.count", { matcher });
      return answer.fields().number("count");
    },
    async waitFor(matcher, { count = 1, timeoutMs = 5_000 } = {}) {
      const answer = await call("requests.wait-for", { matcher, count, timeoutMs });
      return answer.list().map(readEntry);
    },
  };
}

export function readViolation(fields: JsonFields): Violation {
  return {
    request: fields.number("request"),
    op: readOp(fields),
    method: fields.string("method"),
    path: fields.string("path"),
    message: fields.string("message"),
  };
}

function readEntry(fields: JsonFields): RequestEntry {
  const form = fields.fields("form");
  const texts = ["grantType", "scheme", "fault", "violation", "clientId", "grantId", "error"];
  const numbers = ["status", "generation"];
  const switches = ["reused", "leeway"];
  return {
    number: fields.number("number"),
    at: fields.number("at"),
    op: readOp(fields),
    method: fields.string("method"),
    path: fields.string("path"),
    url: fields.string("url"),
    form: Object.fromEntries(form.entries.map(([name]) => [name, form.string(name)])),
    ...present(fields, texts, (name) => fields.string(name)),
    ...present(fields, numbers, (name) => fields.number(name)),
    ...present(fields, switches, (name) => fields.boolean(name)),
  };
}

function present<Value>(
  fields: JsonFields,
  names: readonly string[],
  read: (name: string) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(names.filter((name) => fields.has(name)).map((name) => [name, read(name)]));
}

function readOp(fields: JsonFields): Op {
  const op = fields.string("op");
  return isOp(op) ? op : "unknown";
}
