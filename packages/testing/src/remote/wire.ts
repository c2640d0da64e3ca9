import type { Fault } from "../fake/faults.js";
import { assertNames } from "../fake/names.js";
import { checkedMatcher, isOp, matcherNames, matches, type Op, type GrantType } from "../fake/operation.js";
import type { JsonFields, RemoteCall } from "./json-fields.js";
import type { RequestEntry, Violation } from "../fake/request-log.js";

/** A matcher that can be sent to another process: no function, no regular expression. */
export type WireMatcher =
  | Op
  | {
      readonly op?: Op;
      readonly method?: string;
      readonly path?: string;
      readonly clientId?: string;
      readonly grantId?: string;
    };

/** Reads the matcher under `name`. Throws when it is none. */
export function readMatcher(fields: JsonFields, name = "matcher"): WireMatcher {
  const given = fields.raw(name);
  if (typeof given === "string") return readOp(given);
  if (typeof given === "object" && given !== null) assertNames(given, "A matcher", matcherNames);
  const parts = fields.fields(name);
  const op = parts.optional("op", (of) => readOp(of.string("op")));
  const texts = ["method", "path", "clientId", "grantId"].filter((part) => parts.has(part));
  return {
    ...(op !== undefined && { op }),
    ...Object.fromEntries(texts.map((part) => [part, parts.string(part)])),
  };
}

function readOp(text: string): Op {
  if (isOp(text)) return text;
  throw new TypeError(`Not an operation: ${text}`);
}

/** Reads a fault that came from another process. Throws when it is none of those the fake has. */
export function readFault(fields: JsonFields): Fault {
  if (fields.has("status")) return readStatusFault(fields);
  if (fields.has("oauth"))
    return {
      oauth: fields.oneOf("oauth", [
        "invalid_grant",
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "invalid_request",
      ]),
    };
  if (fields.has("network")) return { network: fields.oneOf("network", ["reset", "refused", "dns"]) };
  if (fields.has("hang")) return { hang: true };
  if (fields.has("delay")) return { delay: fields.number("delay") };
  if (fields.has("redirect"))
    return { redirect: fields.oneOf("redirect", [301, 302, 303, 307, 308]), to: fields.string("to") };
  if (fields.has("answer")) return { answer: readAnswer(fields.fields("answer")) };
  if (fields.has("body"))
    return {
      body: fields.oneOf("body", [
        "malformed-json",
        "truncated",
        "html",
        "empty",
        "wrong-types",
        "text-plain",
        "missing-refresh-token",
      ]),
    };
  if (fields.has("fields")) {
    const without = fields.optional("without", (of) => of.strings("without"));
    return { fields: Object.fromEntries(fields.fields("fields").entries), ...(without && { without }) };
  }
  if (fields.raw("commitThen") === 500) return { commitThen: 500 };
  return { commitThen: fields.oneOf("commitThen", ["reset", "hang"]) };
}

function readStatusFault(fields: JsonFields): Fault {
  const retryAfter = fields.optional("retryAfter", (of) =>
    typeof of.raw("retryAfter") === "number" ? of.number("retryAfter") : of.string("retryAfter"),
  );
  const body = fields.optional("body", (of) =>
    of.oneOf("body", ["dialect", "text", "html", "empty", "mechanism"]),
  );
  return {
    status: fields.number("status"),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(body !== undefined && { body }),
  };
}

function readAnswer(fields: JsonFields): Extract<Fault, { answer: unknown }>["answer"] {
  const status = fields.optional("status", (of) => of.number("status"));
  const body = fields.optional("body", (of) => of.string("body"));
  const headers = fields.optional("headers", (of) => {
    const given = of.fields("headers");
    return Object.fromEntries(given.entries.map(([name]) => [name, given.string(name)]));
  });
  return {
    ...(status !== undefined && { status }),
    ...(body !== undefined && { body }),
    ...(headers !== undefined && { headers }),
  };
}

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

/** The request log of the fake behind `call`. */
export function createRemoteRequests(call: RemoteCall): RemoteRequests {
  const all = async (): Promise<readonly RequestEntry[]> => {
    const answer = await call("requests");
    return answer.list().map(readEntry);
  };
  return {
    all,
    async token(grantType) {
      const matcher = checkedMatcher(grantType === undefined ? "token" : `token:${grantType}`);
      const entries = await all();
      return entries.filter((entry) => matches(matcher, entry));
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

/** Reads a violation that came from another process. Throws when it is none. */
export function readViolation(fields: JsonFields): Violation {
  return {
    request: fields.number("request"),
    op: readLoggedOp(fields),
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
    op: readLoggedOp(fields),
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

function readLoggedOp(fields: JsonFields): Op {
  const op = fields.string("op");
  return isOp(op) ? op : "unknown";
}
