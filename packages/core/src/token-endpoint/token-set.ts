import { assertObject } from "../assert-options.js";
/** Tokens as plain data: what `saveTokens` takes and `serializeTokens` gives. Whoever prints it prints the tokens. */
export interface PlainTokens {
  readonly accessToken: string;
  /** Absent for client credentials and Connect JWT. */
  readonly refreshToken?: string | undefined;
  /** When the access token dies, epoch milliseconds on this machine's clock. */
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
}

/**
 * An access token and what belongs to it. The tokens can be read by name and in no other way: printing, logging,
 * spreading or `JSON.stringify` shows everything but them. `serializeTokens()` is the one way out.
 */
export interface TokenSet extends PlainTokens {
  /** For logs: no token in it. */
  toJSON(): TokenSetSummary;
  toString(): string;
}

/** Node's `util.inspect` looks for this symbol; naming it by hand keeps Node out of core. */
const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

class SealedTokenSet implements TokenSet {
  readonly #tokens: PlainTokens;

  constructor(tokens: PlainTokens) {
    this.#tokens = tokens;
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

  toJSON(): TokenSetSummary {
    const { expiresAt, scopes, refreshToken } = this.#tokens;
    return {
      tokenType: "bearer",
      expiresAt,
      ...(scopes && { scopes }),
      hasRefreshToken: refreshToken !== undefined,
    };
  }

  toString(): string {
    const { expiresAt } = this.#tokens;
    const date = new Date(expiresAt);
    // Whoever means "never" may name an instant that no date can hold.
    return `TokenSet(expires ${Number.isNaN(date.getTime()) ? expiresAt : date.toISOString()})`;
  }

  [inspectCustom](): string {
    return `TokenSet ${JSON.stringify(this.toJSON())}`;
  }
}

/** Wraps tokens so that they cannot be printed by accident. */
export function sealTokens(tokens: PlainTokens): TokenSet {
  return Object.freeze(new SealedTokenSet(serializeTokens(tokens)));
}

/** The tokens as a plain object, for `JSON.stringify` or another store. The one way out of a `TokenSet`. */
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
