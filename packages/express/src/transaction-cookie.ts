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
/** nginx and others take no header line over 8 kB, and then no request at all. Past this the oldest attempts are forgotten. */
const mostBytes = 8_000;

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
      const { state, codeVerifier, createdAt, redirectUri } = transaction;
      const packed = JSON.stringify([state, codeVerifier, createdAt, returnTo, redirectUri]);
      const value = await sealer.seal(Buffer.from(packed));
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

/** Counts whatever cookies the browser has: they travel in one line. */
function forgetOldest(req: Request, res: Response, secure: boolean, arriving: number): void {
  let bytes = (req.headers.cookie?.length ?? 0) + arriving;
  for (const { name, length } of cookiesNamed(req, cookieName(prefix, secure))) {
    if (bytes <= mostBytes) return;
    clearCookie(res, name, secure);
    bytes -= length;
  }
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
