import { type AuthorizationTransaction, StateMismatchError } from "@bitbucket-auth/core";
import {
  clearCookie,
  cookieName,
  cookiesNamed,
  createCookieSealer,
  readCookie,
  setCookie,
} from "./cookies.js";
import type { WebAnswer, WebRequest } from "./exchange.js";
import { member, type ResolvedOptions, textMember } from "./options.js";
import { isSecure } from "./same-origin.js";

/** A sign-in under way. */
export interface Attempt {
  readonly transaction: AuthorizationTransaction;
  readonly returnTo: string;
}

/** Keeps each attempt in a cookie of its own, so that sign-ins in several tabs do not overwrite each other. */
export interface TransactionCookies {
  keep(request: WebRequest, answer: WebAnswer, attempt: Attempt): Promise<void>;
  /**
   * The attempt that a callback's state names, in this browser, if there is one. Rejects with `StateMismatchError` when its
   * cookie cannot be opened.
   */
  find(request: WebRequest, state: string): Promise<Attempt | undefined>;
  /** Makes the browser forget the attempt, however it ended. */
  forget(request: WebRequest, answer: Pick<WebAnswer, "cookies">, state: string): Promise<void>;
}

const lifeMs = 10 * 60 * 1000;
/** nginx and others take no header line over 8 kB, and then no request at all. Past this the oldest attempts are forgotten. */
const mostBytes = 8_000;

/** The cookies of one app, sealed with its secrets. Each lasts ten minutes. */
export function createTransactionCookies({
  cookieSecrets,
  cookiePrefix,
  baseUrl,
}: Pick<ResolvedOptions<unknown>, "cookieSecrets" | "cookiePrefix" | "baseUrl">): TransactionCookies {
  const sealer = createCookieSealer(cookieSecrets, "transaction");
  const prefix = `${cookiePrefix}txn_`;
  const nameOf = async (state: string, secure: boolean): Promise<string> =>
    cookieName(prefix + (await shortHash(state)), secure);

  return {
    async keep(request, answer, { transaction, returnTo }) {
      const secure = isSecure(request, baseUrl);
      const name = await nameOf(transaction.state, secure);
      const { state, codeVerifier, createdAt, redirectUri } = transaction;
      const packed = JSON.stringify([state, codeVerifier, createdAt, returnTo, redirectUri]);
      const value = await sealer.seal(new TextEncoder().encode(packed));
      // Whatever cookies the browser has: they travel in one line.
      let bytes = (request.header("cookie")?.length ?? 0) + name.length + value.length;
      for (const oldest of cookiesNamed(request, cookieName(prefix, secure))) {
        if (bytes <= mostBytes) break;
        clearCookie(answer, oldest.name, secure);
        bytes -= oldest.length;
      }
      setCookie(answer, { name, value, maxAgeMs: lifeMs, secure });
    },
    async find(request, state) {
      const sealed = readCookie(request, await nameOf(state, isSecure(request, baseUrl)));
      if (sealed === undefined) return undefined;
      const content = await sealer.open(sealed);
      const attempt = content && parseAttempt(JSON.parse(new TextDecoder().decode(content)));
      if (attempt) return attempt;
      throw new StateMismatchError(
        "The cookie of this sign-in cannot be opened. If that lasts, a process has another `cookieSecret` than the one that wrote it.",
      );
    },
    async forget(request, answer, state) {
      const secure = isSecure(request, baseUrl);
      const name = await nameOf(state, secure);
      if (cookiesNamed(request, name).length > 0) clearCookie(answer, name, secure);
    },
  };
}

/** 48 bits of SHA-256: enough to tell the attempts of one browser apart. */
async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest, 0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** We sealed it, perhaps with another version of this file; core checks the rest of the transaction. */
function parseAttempt(value: unknown): Attempt | undefined {
  const [state, codeVerifier, returnTo, redirectUri] = ["0", "1", "3", "4"].map((index) =>
    textMember(value, index),
  );
  const createdAt = member(value, "2");
  if (!state || !codeVerifier || !returnTo || typeof createdAt !== "number") return undefined;
  return { transaction: { state, codeVerifier, createdAt, ...(redirectUri && { redirectUri }) }, returnTo };
}
