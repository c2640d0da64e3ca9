import * as z from "zod/mini";
import { lazy, parseJson, readUrl } from "../text.js";
import { readCappedBody } from "../token-endpoint/http.js";

/** What Bitbucket's API says in the body of an error answer, as far as it could be read. */
export interface ApiErrorBody {
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  /** What is wrong with each field that was sent. */
  readonly fields?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Bitbucket's id of this answer in its own logs: quote it in a support request. */
  readonly id?: string | undefined;
  /** Whatever else Bitbucket attached. */
  readonly data?: unknown;
  /** Scopes the token has. */
  readonly granted?: readonly string[] | undefined;
  /** Scopes the call needs; there only when that is what is wrong. */
  readonly required?: readonly string[] | undefined;
  /** Where Bitbucket announced the removal of an endpoint. */
  readonly announcementUrl?: string | undefined;
}

const schemas = /* @__PURE__ */ lazy(() => {
  const text = z.string();
  const anything = z.optional(z.unknown());
  return {
    text,
    announcement: z.object({ announcement_url: text }),
    texts: z.array(text),
    answer: z.object({
      error: anything,
      error_description: anything,
      errors: anything,
      message: anything,
      detail: anything,
      data: anything,
    }),
    error: z.object({ message: anything, detail: anything, fields: anything, id: anything, data: anything }),
    detail: z.object({ granted: anything, required: anything }),
  };
});

/**
 * Reads an error body. It may be JSON, plain text or a web page. In JSON Bitbucket's own shape comes first, then those of what
 * stands in front of it: an OAuth error, a `message` on its own, a list. Each part may be a sentence, a list or an object;
 * whatever says nothing is left out.
 */
export function readApiErrorBody(body: string): ApiErrorBody {
  const json = parseJson(body);
  if (json === undefined) return isPage(body) ? {} : { message: body.trim() || undefined };
  const { text, ...parts } = schemas();
  const answer = Array.isArray(json) ? { errors: json } : fitting(parts.answer, json);
  if (answer === undefined) return { message: fitting(text, json)?.trim() || undefined };
  const error = fitting(parts.error, answer.error);
  if (error === undefined || Array.isArray(answer.error)) {
    return {
      message: wordsOf(answer.error) ?? wordsOf(answer.message) ?? wordsOf(answer.errors),
      detail: wordsOf(answer.error_description) ?? wordsOf(answer.detail),
      data: answer.data,
      announcementUrl: readAnnouncement(answer.data),
    };
  }
  const detail = fitting(parts.detail, error.detail);
  const [granted, required] = [readScopes(detail?.granted), readScopes(detail?.required)];
  const namesScopes = granted !== undefined || required !== undefined;
  const fields = readFields(error.fields);
  const sentences = [
    namesScopes ? undefined : wordsOf(error.detail),
    fields ? undefined : wordsOf(error.fields),
  ];
  return {
    message: wordsOf(error.message),
    detail: sentences.filter((sentence) => sentence !== undefined).join("; ") || undefined,
    fields,
    id: fitting(text, error.id),
    data: error.data ?? answer.data ?? (detail === undefined || namesScopes ? undefined : error.detail),
    granted,
    required,
    announcementUrl: readAnnouncement(error.data) ?? readAnnouncement(answer.data),
  };
}

/** Scopes as a list, or in one text as headers have them. */
export function readScopes(value: unknown): readonly string[] | undefined {
  const { text, texts } = schemas();
  return (
    fitting(texts, value) ??
    fitting(text, value)
      ?.split(/[\s,]+/)
      .filter((scope) => scope !== "")
  );
}

/** Parts read of an object or list without a known shape, so that a message stays readable. */
const mostPartsRead = 10;

/** What a part says in words: a sentence, a list of them, or the parts of an object, named where they have no usual name. */
function wordsOf(value: unknown, depth = 0): string | undefined {
  if (typeof value === "string") return value.trim() || undefined;
  if (typeof value !== "object" || value === null || depth > 4) return undefined;
  const isList = Array.isArray(value);
  const sentences = Object.entries(value)
    .slice(0, mostPartsRead)
    .flatMap(([name, inner]: [string, unknown]) => {
      const words = wordsOf(inner, depth + 1);
      if (words === undefined) return [];
      return isList || /^(?:message|title|detail|description)$/.test(name) ? [words] : [`${name}: ${words}`];
    });
  return sentences.join("; ") || undefined;
}

/** Part by part. Note: `z.catch()` would say it in one schema, and bring in three times the code of all the others. */
function fitting<T>(schema: z.ZodMiniType<T>, value: unknown): T | undefined {
  const reading = schema.safeParse(value);
  return reading.success ? reading.data : undefined;
}

/**
 * Each field with its complaints: Bitbucket sends one text, a list, or an object where the field has parts, whose name is then
 * `source.branch`. Note: `z.record()` would bring in half of zod.
 */
function readFields(value: unknown): ApiErrorBody["fields"] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const fields = complaintsIn(value, "", 0);
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function complaintsIn(
  value: object,
  prefix: string,
  depth: number,
): readonly (readonly [name: string, problems: readonly string[]])[] {
  const { text, texts } = schemas();
  return Object.entries(value).flatMap(([key, said]: [string, unknown]) => {
    const name = prefix + key;
    const one = fitting(text, said);
    const problems = one === undefined ? fitting(texts, said) : [one];
    if (problems) return [[name, problems] as const];
    if (typeof said !== "object" || said === null || depth > 4) return [];
    return complaintsIn(said, `${name}.`, depth + 1);
  });
}

function readAnnouncement(value: unknown): string | undefined {
  const url = fitting(schemas().announcement, value)?.announcement_url;
  return url?.startsWith("https://") === true && readUrl(url) ? url : undefined;
}

function isPage(body: string): boolean {
  return /^\s*</.test(body);
}

/** Error bodies are small: what is longer is not one. */
const maxErrorBodyBytes = 64 * 1024;

/** Reads the body of an error answer to its end or its limit. Never rejects: one that breaks off or is aborted counts as empty. */
export async function readErrorBody(response: Response, signal?: AbortSignal): Promise<string> {
  if (response.body === null || response.bodyUsed) return "";
  try {
    const { body } = await readCappedBody(response, maxErrorBodyBytes, signal);
    return signal?.aborted === true ? "" : body;
  } catch {
    return "";
  }
}
