import * as z from "zod/mini";
import { InvalidOptionsError } from "../errors.js";
import { assertObject } from "../environment.js";
import { lazy, parseJson } from "../text.js";
import type { WireResponse } from "./request.js";

/** Tokens as plain data: what `saveTokens` takes and `serializeTokens` gives. Printing it prints the tokens. */
export interface PlainTokens {
  readonly accessToken: string;
  /** Absent for client credentials and Connect JWT. */
  readonly refreshToken?: string | undefined;
  /** When the access token expires, epoch milliseconds on this machine's clock. */
  readonly expiresAt: number;
  /** Absent: unknown, which is not the same as none. */
  readonly scopes?: readonly string[] | undefined;
  readonly tokenType: "bearer";
}

/** What a log may say about a token set. */
export interface TokenSetSummary {
  readonly tokenType: "bearer";
  readonly expiresAt: number;
  readonly scopes?: readonly string[];
  readonly hasRefreshToken: boolean;
  readonly signedInAt?: number;
}

/**
 * An access token and what belongs to it. The tokens can be read by name and in no other way: printing, logging,
 * spreading or `JSON.stringify` shows everything but them. `serializeTokens()` gives them as a plain object.
 */
export interface TokenSet extends PlainTokens {
  /**
   * When the account signed in, epoch milliseconds on the clock of the machine it signed in at. It stays the same while the
   * grant lives, also when the account signs in once more, and changes with the first sign-in after a sign-out: a session that
   * was begun before it is over. Absent when unknown: tokens that are not (yet) stored, the consumer's own, and grants stored
   * by a version that did not keep it.
   */
  readonly signedInAt?: number | undefined;
  /** For logs: no token in it. */
  toJSON(): TokenSetSummary;
  toString(): string;
}

class SealedTokenSet implements TokenSet {
  readonly #tokens: PlainTokens;
  readonly #signedInAt: number | undefined;

  constructor(tokens: PlainTokens, signedInAt: number | undefined) {
    this.#tokens = tokens;
    this.#signedInAt = signedInAt;
    // Node's `util.inspect` looks for this symbol. Defined here: a computed name in the class would keep bundlers from dropping it.
    Object.defineProperty(this, Symbol.for("nodejs.util.inspect.custom"), {
      value: () => `TokenSet ${JSON.stringify(this.toJSON())}`,
    });
  }

  get accessToken(): string {
    return this.#tokens.accessToken;
  }
  get refreshToken(): string | undefined {
    return this.#tokens.refreshToken;
  }
  get expiresAt(): number {
    return this.#tokens.expiresAt;
  }
  get scopes(): readonly string[] | undefined {
    return this.#tokens.scopes;
  }
  get tokenType(): "bearer" {
    return this.#tokens.tokenType;
  }
  get signedInAt(): number | undefined {
    return this.#signedInAt;
  }

  toJSON(): TokenSetSummary {
    const { expiresAt, scopes, refreshToken } = this.#tokens;
    return {
      tokenType: "bearer",
      expiresAt,
      ...(scopes && { scopes }),
      hasRefreshToken: refreshToken !== undefined,
      ...(this.#signedInAt !== undefined && { signedInAt: this.#signedInAt }),
    };
  }

  toString(): string {
    const { expiresAt } = this.#tokens;
    const date = new Date(expiresAt);
    // A caller that means "never" may name an instant that no date can hold.
    return `TokenSet(expires ${Number.isNaN(date.getTime()) ? expiresAt : date.toISOString()})`;
  }
}

/** Wraps tokens so that they cannot be printed by accident. */
export function sealTokens(tokens: PlainTokens, signedInAt?: number): TokenSet {
  return Object.freeze(new SealedTokenSet(serializeTokens(tokens), signedInAt));
}

/** The tokens as a plain object, for `JSON.stringify` or another store. Printing it prints the tokens. */
export function serializeTokens(tokens: PlainTokens): PlainTokens {
  assertObject(tokens, "The argument of serializeTokens()");
  const { accessToken, refreshToken, expiresAt, scopes } = tokens;
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    expiresAt,
    ...(scopes !== undefined && { scopes: [...scopes] }),
    tokenType: "bearer",
  };
}

const token = /* @__PURE__ */ lazy(() => z.string().check(z.regex(/^[\x21-\x7e]+$/)));
const plainTokens = /* @__PURE__ */ lazy(() =>
  z.object({
    accessToken: token(),
    refreshToken: z.optional(token()),
    expiresAt: z.number().check(z.nonnegative()),
    scopes: z.optional(z.array(z.string().check(z.regex(/^\S+$/)))),
    tokenType: z.optional(z.string().check(z.regex(/^bearer$/i))),
  }),
);

/** Seconds of the years 2001 to 5138. As milliseconds they would be weeks of the years 1970 to 1973. */
function isInSeconds(instant: number): boolean {
  return instant >= 1e9 && instant < 1e11;
}

/** Reads tokens that a caller hands in. Throws `InvalidOptionsError` that names the fields at fault and shows none. */
export function parsePlainTokens(value: unknown): PlainTokens {
  const parsed = plainTokens().safeParse(value);
  // Without this check a `refresh_token` beside an `accessToken` would be dropped silently.
  const ofTheWire = Object.keys(Object(value)).find((name) =>
    /^(?:refresh_token|expires_in|scope)$/.test(name),
  );
  if (ofTheWire !== undefined)
    throw new InvalidOptionsError(
      `These are not tokens: \`${ofTheWire}\` is how a token response spells it. ${wantedTokens}`,
    );
  if (parsed.success && !isInSeconds(parsed.data.expiresAt)) return { ...parsed.data, tokenType: "bearer" };
  const issues = parsed.error?.issues.map(({ path }) => String(path[0] ?? "tokens"));
  const fields = [...new Set(issues ?? ["expiresAt"])];
  throw new InvalidOptionsError(`These are not tokens: look at ${fields.join(", ")}. ${wantedTokens}`);
}

const wantedTokens =
  "Wanted: { accessToken, refreshToken?, expiresAt (epoch milliseconds), scopes?, tokenType: 'bearer' }.";

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

/** What reading a token response ends with. */
export type TokenResponseReading =
  | { readonly ok: true; readonly response: TokenResponse }
  /** `problem` says what is wrong without repeating any of it. */
  | { readonly ok: false; readonly problem: string };

/** `expires_in` of every recorded answer of Bitbucket; used when an answer has none. */
const defaultLifetimeSeconds = 7200;
const longestLifetimeSeconds = 10 * 366 * 24 * 60 * 60;

const scopeList = /* @__PURE__ */ lazy(() => z.optional(z.string().check(z.regex(/^[\x20-\x7e]*$/))));

/** RFC 6749 section 5.1, with Bitbucket's two names for the scope. Unknown fields (`state` among them) are left alone. */
const wireTokens = /* @__PURE__ */ lazy(() =>
  z.object({
    error: z.optional(z.never()),
    access_token: token(),
    refresh_token: z.optional(token()),
    // Absent means bearer. See docs/decisions/0003-absent-token-type.md.
    token_type: z.optional(z.string().check(z.regex(/^bearer$/i))),
    expires_in: z.optional(z.number().check(z.gte(1), z.lte(longestLifetimeSeconds))),
    scope: scopeList(),
    scopes: scopeList(),
  }),
);

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
  const wire = wireTokens().safeParse(withoutNulls(fields));
  if (!wire.success) {
    // The first step of an issue's path is one of the names above, never something from the body.
    const field = wire.error.issues[0]?.path[0];
    if (field === undefined) return { ok: false, problem: "no JSON object" };
    return {
      ok: false,
      problem: field === "error" ? "an error field with status 200" : `${String(field)} missing or malformed`,
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

/** Servers spell "not there" as `null` too. See docs/decisions/0089-null-is-absent-in-a-token-response.md. */
function withoutNulls(fields: unknown): unknown {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** The tokens as callers get them: an expiry instead of a lifetime, scopes as a list, and no token in what is printed. */
export function tokenSetFrom(response: TokenResponse): TokenSet {
  const { accessToken, refreshToken, lifetimeMs, scope, startedAt } = response;
  return sealTokens({
    accessToken,
    refreshToken,
    expiresAt: startedAt + lifetimeMs,
    scopes: readScopeList(scope),
    tokenType: "bearer",
  });
}

/** The scopes in a text, separated by spaces or commas: Bitbucket's headers use both. */
export function readScopeList(scope: string | undefined): string[] | undefined {
  return scope?.split(/[ ,]+/).filter((name) => name !== "");
}

/** What an error answer says of itself, in the server's own words: redact before repeating. */
export interface OAuthErrorBody {
  /** RFC 6749 section 5.2. */
  readonly error?: string;
  readonly description?: string;
}

/** Bitbucket answers in two shapes: OAuth's own, its description optional, and the API's `{ error: { message } }`. */
const oauthError = /* @__PURE__ */ lazy(() => z.object({ error: z.string() }));
const described = /* @__PURE__ */ lazy(() => z.object({ error_description: z.string() }));
const apiError = /* @__PURE__ */ lazy(() => z.object({ error: z.object({ message: z.string() }) }));

/** Finds the OAuth error in a body, whatever its content type; empty when there is none. */
export function readOAuthErrorBody(body: string): OAuthErrorBody {
  const json = parseJson(body);
  const oauth = oauthError().safeParse(json);
  if (oauth.success && oauth.data.error !== "") {
    const words = described().safeParse(json);
    return { error: oauth.data.error, ...(words.success && { description: words.data.error_description }) };
  }
  const api = apiError().safeParse(json);
  return api.success ? { description: api.data.error.message } : {};
}
