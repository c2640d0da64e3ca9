import * as z from "zod/mini";
import { parseJson } from "../parse-json.js";
import type { WireResponse } from "./token-request.js";
import { sealTokens, type TokenSet } from "./token-set.js";

/** A successful answer of the token endpoint, checked and in our words. Printing it prints the tokens: keep it inside. */
export interface TokenResponse {
  readonly accessToken: string;
  /** Absent for client credentials and Connect JWT, and when a refresh did not rotate. */
  readonly refreshToken?: string;
  /** Counted from `startedAt`. */
  readonly lifetimeMs: number;
  /** Space-separated. Absent: unknown, which is not the same as none, nor as what was asked for. */
  readonly scope?: string;
  readonly tokenType: "bearer";
  /** When the request was sent, epoch milliseconds on this machine's clock. */
  readonly startedAt: number;
  /** When it was answered, epoch milliseconds on the server's clock. */
  readonly serverTime?: number;
}

export type TokenResponseReading =
  | { readonly ok: true; readonly response: TokenResponse }
  /** `problem` says what is wrong without repeating any of it. */
  | { readonly ok: false; readonly problem: string };

/** What every recorded Bitbucket answer says; used when an answer says nothing. */
const defaultLifetimeSeconds = 7200;
const longestLifetimeSeconds = 10 * 366 * 24 * 60 * 60;

const token = z.string().check(z.regex(/^[\x21-\x7e]+$/));
const scopeList = z.optional(z.string().check(z.regex(/^[\x20-\x7e]*$/)));

/** RFC 6749 section 5.1, with Bitbucket's two names for the scope. Unknown fields (`state` among them) are left alone. */
const wireTokens = z.object({
  error: z.optional(z.never()),
  access_token: token,
  refresh_token: z.optional(token),
  // The one leniency: absent means bearer. See docs/decisions/0003-absent-token-type.md.
  token_type: z.optional(z.string().check(z.regex(/^bearer$/i))),
  expires_in: z.optional(z.number().check(z.gte(1), z.lte(longestLifetimeSeconds))),
  scope: scopeList,
  scopes: scopeList,
});

/**
 * Reads an answer as a token response (RFC 6749 section 5.1), strictly: status 200, JSON by its content type and its text,
 * every field present of the right type and in range.
 */
export function readTokenResponse(answer: WireResponse): TokenResponseReading {
  if (answer.status !== 200) return { ok: false, problem: `status ${answer.status} instead of 200` };
  if (answer.bodyTooLarge) return { ok: false, problem: "a body over 64 kB" };
  if (!/^application\/json\s*(?:;|$)/i.test(answer.contentType ?? "")) {
    return { ok: false, problem: "a content type other than application/json" };
  }
  return readTokenFields(parseJson(answer.body), answer);
}

/** Reads the fields of a token response by their names on the wire, however they arrived. */
export function readTokenFields(
  fields: unknown,
  received: { readonly startedAt: number; readonly serverTime?: number },
): TokenResponseReading {
  const wire = wireTokens.safeParse(fields);
  if (!wire.success) {
    // The first step of an issue's path is one of the names above, never something from the body.
    const field = wire.error.issues[0]?.path[0];
    if (field === undefined) return { ok: false, problem: "no JSON object" };
    return {
      ok: false,
      problem: field === "error" ? "an error in a success" : `${String(field)} missing or malformed`,
    };
  }
  const {
    access_token,
    refresh_token,
    expires_in = defaultLifetimeSeconds,
    scopes,
    scope = scopes,
  } = wire.data;
  return {
    ok: true,
    response: {
      accessToken: access_token,
      ...(refresh_token !== undefined && { refreshToken: refresh_token }),
      lifetimeMs: Math.floor(expires_in * 1000),
      ...(scope !== undefined && { scope }),
      tokenType: "bearer",
      startedAt: received.startedAt,
      ...(received.serverTime !== undefined && { serverTime: received.serverTime }),
    },
  };
}

/** The tokens as callers get them: a fixed end instead of a lifetime, scopes as a list, nothing printable. */
export function tokenSetFrom(response: TokenResponse): TokenSet {
  const { accessToken, refreshToken, lifetimeMs, scope, startedAt } = response;
  return sealTokens({
    accessToken,
    refreshToken,
    expiresAt: startedAt + lifetimeMs,
    scopes: scope?.split(" ").filter((name) => name !== ""),
    tokenType: "bearer",
  });
}
