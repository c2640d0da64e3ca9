import { InvalidOptionsError } from "@bitbucket-auth/core";
import { toBytes } from "@bitbucket-auth/core/internal";
import type { ApiCall } from "./send-call.js";

/** How the parameters of a call travel. */
export type CallKind = "query" | "json" | "form" | "related";

/** Field names and values, as a caller of `bitbucket-api-v2` gives them. */
export type Fields = Readonly<Record<string, unknown>>;

/** Turns what `bitbucket-api-v2` was told into a call. Throws `InvalidOptionsError` for what cannot be sent. */
export function buildCall(method: string, kind: CallKind, route: string, parameters: unknown): ApiCall {
  if (typeof route !== "string") throw new InvalidOptionsError("The route must be a text.");
  const target = targetOf(route);
  const call = `${method} ${route}`;
  // Bulk endpoints (annotations of a report, say) take a list as their whole body.
  if (kind === "json" && Array.isArray(parameters))
    return { method, target, headers: jsonBody, body: toJson(parameters, call) };
  const fields = readFields(parameters, call);
  if (kind === "query") return { method, target: withQuery(target, fields) };
  if (kind === "form" || tagOf(parameters) === "FormData") return { method, target, body: formData(fields) };
  if (kind === "related") return { method, target, ...multipartRelated(fields) };
  // Note: a POST has always had a body here, `{}` at least; a PUT such as a vote has nothing to say.
  if (method === "PUT" && Object.keys(fields).length === 0) return { method, target };
  return {
    method,
    target,
    headers: jsonBody,
    body: toJson(unwrapBody(fields), call),
  };
}

const jsonBody = { "content-type": "application/json" } as const;

/** `user` and `/2.0/user` are the same; a whole URL, such as a page's `next`, stays as it is. */
function targetOf(route: string): string {
  if (/^https?:\/\//i.test(route)) return route;
  // A slash at the end stays: some routes, `environments/` say, answer 404 without it.
  const path = route.replace(/^\/*(?:2\.0\/)?/, "");
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
  const refuse = (): never => {
    throw new InvalidOptionsError(`The parameters of ${call} must be an object.`);
  };
  if (typeof parameters !== "object" || Array.isArray(parameters)) return refuse();
  const pairs = /^(?:FormData|Map|URLSearchParams)$/.test(tagOf(parameters)) && isIterable(parameters);
  if (pairs) return fieldsOfPairs(parameters) ?? refuse();
  // Note: a Promise, a Set and the like have nothing to spread, and would be sent as nothing.
  return Object.keys(parameters).length > 0 || isMap(parameters) ? { ...parameters } : refuse();
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** The fields of a `URLSearchParams`, `FormData` or `Map`; several values of one name are a list. */
function fieldsOfPairs(pairs: Iterable<unknown>): Fields | undefined {
  const fields = new Map<string, unknown>();
  for (const pair of pairs) {
    const [name, value]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    if (typeof name !== "string") return undefined;
    const known = fields.get(name);
    fields.set(name, fields.has(name) ? [...(Array.isArray(known) ? known : [known]), value] : value);
  }
  return Object.fromEntries(fields);
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

/**
 * The fields of a `multipart/form-data` body, in UTF-8.
 *
 * A `Blob` or bytes are a file named after its field, a list is several parts of one name, and `files` with a map in it is
 * what a snippet wants: one part called `file` for each entry, named after it. Anything else is text. Paths are not opened.
 * Throws `InvalidOptionsError` for what has no text, such as a stream.
 */
function formData(fields: Fields): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) append(form, name, one);
  }
  return form;
}

function append(form: FormData, name: string, value: unknown): void {
  const file = asFile(value);
  if (file) form.append(name, file, nameOfFile(file) ?? name);
  else if (isMap(value)) {
    const part = name === "files" ? "file" : name;
    for (const [entry, content] of Object.entries(value))
      form.append(part, asFile(content) ?? textFile(content), entry);
  } else if (value != null) form.append(name, fieldText(value));
}

/** Whether it is an object that was written as one, and no `Date` or stream. */
function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function textFile(content: unknown): Blob {
  return new Blob([fieldText(content)], { type: "text/plain;charset=utf-8" });
}

/** A file, when the value is one. */
function asFile(value: unknown): Blob | undefined {
  if (isBlob(value)) return value;
  // By shape: bytes of another realm (a test runner's, jsdom's) are of no class that is known here.
  const isBytes = ArrayBuffer.isView(value) || tagOf(value) === "ArrayBuffer";
  return isBytes ? new Blob([Uint8Array.from(toBytes(value))]) : undefined;
}

function isBlob(value: unknown): value is Blob {
  return /^(?:Blob|File)$/.test(tagOf(value));
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function nameOfFile(file: Blob): string | undefined {
  return "name" in file && typeof file.name === "string" ? file.name : undefined;
}

/**
 * A `multipart/related` body (RFC 2387) as Bitbucket's snippets want it: a JSON part that names the files, then each file
 * under its name. `files` is a map of names to text, bytes or `Blob`s.
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/api-group-snippets/#api-snippets-post
 */
function multipartRelated(fields: Fields): { headers: Record<string, string>; body: Blob } {
  const boundary = `bitbucket-auth-${crypto.randomUUID()}`;
  const { files = {}, ...rest } = fields;
  const entries = Object.entries(isMap(files) ? files : refuseField());
  const names = Object.fromEntries(entries.map(([name]) => [name, {}]));
  const description = JSON.stringify(entries.length > 0 ? { ...rest, files: names } : rest);
  const parts: BlobPart[] = [
    head(boundary, "snippet", "application/json; charset=utf-8"),
    description,
    ...entries.flatMap(([name, content]): BlobPart[] => {
      const file = asFile(content);
      const type = file ? file.type || "application/octet-stream" : "text/plain; charset=utf-8";
      return [head(boundary, name, type, name), file ?? fieldText(content)];
    }),
    `\r\n--${boundary}--\r\n`,
  ];
  return {
    headers: { "content-type": `multipart/related; boundary="${boundary}"; start="snippet"` },
    body: new Blob(parts),
  };
}

function head(boundary: string, id: string, type: string, fileName?: string): string {
  const lines = [
    `\r\n--${boundary}`,
    `Content-Type: ${oneLine(type)}`,
    "MIME-Version: 1.0",
    `Content-ID: ${oneLine(id)}`,
    "Content-Transfer-Encoding: binary",
    ...(fileName === undefined ? [] : [`Content-Disposition: attachment; filename="${oneLine(fileName)}"`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A name cannot end its header and begin another. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n"]/g, "_");
}

/**
 * A value of a field as text, a `Date` as Bitbucket writes them. Throws `InvalidOptionsError` for what has none, a stream say: it
 * would be lost unseen.
 */
function fieldText(value: unknown): string {
  const text = tagOf(value) === "Date" ? JSON.stringify(value).replaceAll('"', "") : String(value);
  // `null` is the text of a date that is none.
  return typeof value === "object" && /^(?:\[object |null$)/.test(text) ? refuseField() : text;
}

/** Throws what a field of another kind ends in. */
function refuseField(): never {
  throw new InvalidOptionsError(
    "A field can be text, a Blob, bytes, a list of these or files by name, but no stream and no other object.",
  );
}
