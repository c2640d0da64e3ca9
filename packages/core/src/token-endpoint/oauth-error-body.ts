import * as z from "zod/mini";
import { parseJson } from "../parse-json.js";

/** What an error answer says of itself, in the server's own words: redact before repeating. */
export interface OAuthErrorBody {
  /** RFC 6749 section 5.2. */
  readonly error?: string;
  readonly description?: string;
}

/** Bitbucket answers in two shapes: OAuth's own, its description optional, and the API's `{ error: { message } }`. */
const oauthError = z.object({ error: z.string() });
const described = z.object({ error_description: z.string() });
const apiError = z.object({ error: z.object({ message: z.string() }) });

/** Finds the OAuth error in a body, whatever its content type; empty when there is none. */
export function readOAuthErrorBody(body: string): OAuthErrorBody {
  const json = parseJson(body);
  const oauth = oauthError.safeParse(json);
  if (oauth.success) {
    const words = described.safeParse(json);
    return { error: oauth.data.error, ...(words.success && { description: words.data.error_description }) };
  }
  const api = apiError.safeParse(json);
  return api.success ? { description: api.data.error.message } : {};
}
