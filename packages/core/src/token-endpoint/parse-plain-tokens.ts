import * as z from "zod/mini";
import { InvalidOptionsError } from "../errors.js";
import type { PlainTokens } from "./token-set.js";

const token = z.string().check(z.regex(/^[\x21-\x7e]+$/));
const plainTokens = z.object({
  accessToken: token,
  refreshToken: z.optional(token),
  expiresAt: z.number().check(z.nonnegative()),
  scopes: z.optional(z.array(z.string().check(z.regex(/^\S+$/)))),
  tokenType: z.optional(z.string().check(z.regex(/^bearer$/i))),
});

/** Reads tokens that somebody hands in. Throws `InvalidOptionsError` that names the fields at fault and shows none. */
export function parsePlainTokens(value: unknown): PlainTokens {
  const parsed = plainTokens.safeParse(value);
  if (parsed.success) return { ...parsed.data, tokenType: "bearer" };
  const fields = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? "tokens")))];
  throw new InvalidOptionsError(
    `These are not tokens: look at ${fields.join(", ")}. Wanted: { accessToken, refreshToken?, expiresAt (epoch milliseconds), scopes?, tokenType: 'bearer' }.`,
  );
}
