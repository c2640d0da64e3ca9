import { InvalidOptionsError } from "@bitbucket-auth/core";
import { fieldText } from "./field-text.js";
import { formData } from "./form-data.js";
import { multipartRelated } from "./multipart-related.js";
import type { ApiCall } from "./send-call.js";

/** How the parameters of a call travel. */
export type CallKind = "query" | "json" | "form" | "related";

/** Field names and values, as a caller of `bitbucket-api-v2` gives them. */
export type Fields = Readonly<Record<string, unknown>>;

/** Turns what `bitbucket-api-v2` was told into a call. Throws `InvalidOptionsError` for what cannot be sent. */
export function buildCall(method: string, kind: CallKind, route: string, parameters: unknown): ApiCall {
  if (typeof route !== "string") throw new InvalidOptionsError("The route must be a text.");
  const target = targetOf(route);
  const fields = readFields(parameters, `${method} ${route}`);
  if (kind === "query") return { method, target: withQuery(target, fields) };
  if (kind === "form") return { method, target, body: formData(fields) };
  if (kind === "related") return { method, target, ...multipartRelated(fields) };
  // Note: a POST has always had a body here, `{}` at least; a PUT such as a vote has nothing to say.
  if (method === "PUT" && Object.keys(fields).length === 0) return { method, target };
  return {
    method,
    target,
    headers: { "content-type": "application/json" },
    body: toJson(unwrapBody(fields), `${method} ${route}`),
  };
}

/** `user` and `/2.0/user` are the same; a whole URL, such as a page's `next`, stays as it is. */
function targetOf(route: string): string {
  if (/^https?:\/\//i.test(route)) return route;
  const path = route.replace(/^\/*(?:2\.0\/)?/, "").replace(/\/+$/, "");
  // Note: `..` in an argument would lead to another resource than the method's name says.
  const climbs = path
    .split(/[?#]/, 1)[0]
    ?.split("/")
    .some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
  if (climbs) throw new InvalidOptionsError("A part of the route is `.` or `..`. Nothing was sent.");
  return `/2.0/${path.replaceAll("#", "%23")}`;
}

function withQuery(target: string, fields: Fields): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value])
      query.append(name, one == null ? "" : fieldText(one));
  }
  if (query.size === 0) return target;
  return `${target}${target.includes("?") ? "&" : "?"}${query.toString()}`;
}

function readFields(parameters: unknown, call: string): Fields {
  if (parameters == null) return {};
  if (typeof parameters === "object") return { ...parameters };
  throw new InvalidOptionsError(`The parameters of ${call} must be an object.`);
}

/** Some methods hand their body on as `{ _body }`. Bitbucket documents what is in it. */
function unwrapBody(fields: Fields): unknown {
  return Object.keys(fields).length === 1 && "_body" in fields ? fields["_body"] : fields;
}

function toJson(value: unknown, call: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new InvalidOptionsError(`The parameters of ${call} cannot be written as JSON.`);
  }
}
