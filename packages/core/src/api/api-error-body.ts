import * as z from "zod/mini";
import { readUrl } from "../read-url.js";
import { parseJson } from "../parse-json.js";

/** What Bitbucket's API says in the body of an error answer, as far as it could be read. */
export interface ApiErrorBody {
  readonly message?: string | undefined;
  readonly detail?: string | undefined;
  /** Scopes the token has. */
  readonly granted?: readonly string[] | undefined;
  /** Scopes the call needs; there only when that is what is wrong. */
  readonly required?: readonly string[] | undefined;
  /** Where Bitbucket announced the removal of an endpoint. */
  readonly announcementUrl?: string | undefined;
}

const text = z.string();
const scopes = z.array(text);
const announcement = z.object({ announcement_url: text });
const anything = z.optional(z.unknown());
const answerParts = z.object({ error: anything, data: anything });
const errorParts = z.object({ message: anything, detail: anything, data: anything });
const detailParts = z.object({ granted: anything, required: anything });

/**
 * Reads an error body. It may be JSON, plain text or a web page, and its `detail` a sentence or an object; whatever does
 * not fit is left out.
 */
export function readApiErrorBody(body: string): ApiErrorBody {
  const json = parseJson(body);
  if (json === undefined) return isPage(body) ? {} : { message: body.trim() || undefined };
  const answer = fitting(answerParts, json);
  const error = fitting(errorParts, answer?.error);
  const detail = fitting(detailParts, error?.detail);
  return {
    message: fitting(text, error?.message),
    detail: fitting(text, error?.detail),
    granted: fitting(scopes, detail?.granted),
    required: fitting(scopes, detail?.required),
    announcementUrl: readAnnouncement(error?.data) ?? readAnnouncement(answer?.data),
  };
}

/** Part by part. Note: `z.catch()` would say it in one schema, and bring in three times the code of all the others. */
function fitting<T>(schema: z.ZodMiniType<T>, value: unknown): T | undefined {
  const reading = schema.safeParse(value);
  return reading.success ? reading.data : undefined;
}

function readAnnouncement(value: unknown): string | undefined {
  const url = fitting(announcement, value)?.announcement_url;
  return url?.startsWith("https://") === true && readUrl(url) ? url : undefined;
}

function isPage(body: string): boolean {
  return /^\s*</.test(body);
}
