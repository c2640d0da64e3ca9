import { createHash } from "node:crypto";
import type { AuthorizationTransaction } from "@bitbucket-auth/core";
import type { Request, Response } from "express";
import { clearCookie, cookieName, cookiesNamed, readCookie, setCookie } from "./cookie-header.js";
import { createCookieSealer } from "./cookie-sealer.js";
import { member, textMember } from "./member.js";
import { isSecure } from "./request-origin.js";

/** A sign-in under way. */
export interface Attempt {
  readonly transaction: AuthorizationTransaction;
  readonly returnTo: string;
}

/** Keeps each attempt in a cookie of its own, so that tabs do not get into each other's way. */
export interface TransactionCookies {
  keep(req: Request, res: Response, attempt: Attempt): Promise<void>;
  /** The attempt that a callback's state names, in this browser. It is forgotten with this answer, however it ends. */
  take(req: Request, res: Response, state: string): Promise<Attempt | undefined>;
}

const lifeMs = 10 * 60 * 1000;
const prefix = "bb_txn_";
/** Node takes 16 kB of headers in all. Past these the oldest attempts are forgotten. */
const mostAttempts = 32;
const mostBytes = 10_000;

export function createTransactionCookies({
  cookieSecrets,
  baseUrl,
}: {
  readonly cookieSecrets: readonly string[];
  readonly baseUrl: URL | undefined;
}): TransactionCookies {
  const sealer = createCookieSealer(cookieSecrets, "transaction");
  const nameOf = (state: string, secure: boolean): string =>
    cookieName(prefix + createHash("sha256").update(state).digest("hex").slice(0, 12), secure);

  return {
    async keep(req, res, { transaction, returnTo }) {
      const secure = isSecure(req, baseUrl);
      const name = nameOf(transaction.state, secure);
      const value = await sealer.seal(Buffer.from(JSON.stringify({ ...transaction, returnTo })));
      forgetOldest(req, res, secure, name.length + value.length);
      setCookie(res, { name, value, maxAgeMs: lifeMs, secure });
    },
    async take(req, res, state) {
      const secure = isSecure(req, baseUrl);
      const name = nameOf(state, secure);
      const sealed = readCookie(req, name);
      if (cookiesNamed(req, name).length > 0) clearCookie(res, name, secure);
      const content = sealed === undefined ? undefined : await sealer.open(sealed);
      return content && parseAttempt(JSON.parse(Buffer.from(content).toString()));
    },
  };
}

function forgetOldest(req: Request, res: Response, secure: boolean, arriving: number): void {
  const kept = cookiesNamed(req, cookieName(prefix, secure));
  let bytes = kept.reduce((sum, { length }) => sum + length, arriving);
  for (const [index, { name, length }] of kept.entries()) {
    if (bytes <= mostBytes && kept.length - index < mostAttempts) return;
    clearCookie(res, name, secure);
    bytes -= length;
  }
}

/** We sealed it, perhaps with another version of this file; core checks the rest of the transaction. */
function parseAttempt(value: unknown): Attempt | undefined {
  const [state, codeVerifier, returnTo] = ["state", "codeVerifier", "returnTo"].map((name) =>
    textMember(value, name),
  );
  const createdAt = member(value, "createdAt");
  if (!state || !codeVerifier || !returnTo || typeof createdAt !== "number") return undefined;
  const redirectUri = textMember(value, "redirectUri");
  return { transaction: { state, codeVerifier, createdAt, ...(redirectUri && { redirectUri }) }, returnTo };
}
