import type { Fault } from "./faults.js";
import type { JsonFields } from "./json-fields.js";
import { isOp, type Op } from "./operation.js";

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
  const body = fields.optional("body", (of) => of.oneOf("body", ["dialect", "text", "html", "empty"]));
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
