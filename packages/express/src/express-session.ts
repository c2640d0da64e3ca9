import { InvalidOptionsError } from "@bitbucket-auth/core";
import {
  clearCookie,
  cookieName,
  type FlowOptions,
  readCookie,
  type Session,
  type SessionKeeper,
  setCookie,
  type WebRequest,
} from "@bitbucket-auth/web/adapter";
import type { Request } from "express";
import { exchangeOf } from "./express-flow.js";

/** The part of `express-session` that is used here. */
interface ServerSession {
  regenerate(done: (error: unknown) => void): unknown;
  destroy(done: (error: unknown) => void): unknown;
  save(done: (error: unknown) => void): unknown;
}

const parts = ["regenerate", "destroy", "save"];
const field = "bitbucketAuth";
/** How soon after a sign-in its session must have come back with a request. */
const arrivalMs = 30_000;

/** Whether `express-session` has run for this request. */
export function hasExpressSession(req: Request): boolean {
  return serverSession(req) !== undefined;
}

/**
 * Keeps the session where `express-session` keeps it. Signing in makes a new session id; what the old one held is gone.
 *
 * A cookie of ours, which holds nothing, says for half a minute that a sign-in has ended well. When it comes back and the session
 * does not, the browser did not keep the session's cookie, or the store has lost it. Another sign-in would end the same way, so
 * that rejects with an error that says what to configure.
 */
export function createExpressSession({ cookies, baseUrl }: Partial<FlowOptions<unknown>>): SessionKeeper {
  const isHttps = baseUrl?.startsWith("https:") ?? false;
  const isSecure = (request: WebRequest): boolean => isHttps || request.secure;
  const markName = (request: WebRequest): string =>
    cookieName(`${cookies?.prefix ?? "bb_"}begun`, isSecure(request));
  return {
    async read(request) {
      const { req } = exchangeOf(request);
      const session = parseSession(member(required(req), field));
      if (!session && readCookie(request, markName(request)) !== undefined) throw neverArrived(req);
      return session;
    },
    async open(request, answer, session) {
      const { req } = exchangeOf(request);
      const old = required(req);
      assertArrives(req);
      await finished((done) => old.regenerate(done));
      const fresh = required(req);
      Reflect.set(fresh, field, session);
      // Note: saved before the redirect, or the browser could be back before the session is.
      await finished((done) => fresh.save(done));
      const secure = isSecure(request);
      setCookie(answer, { name: markName(request), value: "1", maxAgeMs: arrivalMs, secure });
    },
    async close(request, answer) {
      const session = required(exchangeOf(request).req);
      await finished((done) => session.destroy(done));
      if (readCookie(request, markName(request)) !== undefined)
        clearCookie(answer, markName(request), isSecure(request));
    },
  };
}

/** Throws for a cookie that no browser would send back on the way from Bitbucket. */
function assertArrives(req: Request): void {
  const cookie = member(member(req, "session"), "cookie");
  const sameSite = member(cookie, "sameSite");
  if (sameSite === true || (typeof sameSite === "string" && sameSite.toLowerCase() === "strict")) {
    throw new InvalidOptionsError(
      'The cookie of express-session has sameSite "strict": browsers leave it out on the way back from Bitbucket, and the sign-in ' +
        'would start over again and again. Set cookie.sameSite to "lax".',
    );
  }
  const scheme = String(req.headers["x-forwarded-proto"] ?? "").split(",", 1)[0];
  if (member(cookie, "secure") === true && !req.secure && scheme?.trim() !== "https") throw notSecure();
}

function notSecure(): InvalidOptionsError {
  return new InvalidOptionsError(
    "The cookie of express-session has `secure`, but the request did not come by https as far as Express knows, so the cookie is " +
      'not set. Behind a proxy set app.set("trust proxy", 1); without https set cookie.secure to "auto" or false.',
  );
}

function neverArrived(req: Request): InvalidOptionsError {
  const cookie = member(member(req, "session"), "cookie");
  if (member(cookie, "secure") === true && !req.secure) return notSecure();
  return new InvalidOptionsError(
    'A sign-in has just ended well, and its session did not come back. Check that express-session\'s cookie has sameSite "lax" and a ' +
      "path and domain of this app, that its store keeps what it is given, and that every process has the same store and secret.",
  );
}

/** A call with a callback as a promise. Note: `promisify` of `node:util` would cost an import of this package 4 ms more. */
function finished(call: (done: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}

function required(req: Request): ServerSession {
  const session = serverSession(req);
  if (session) return session;
  throw new InvalidOptionsError("express-session is not there: mount it before bitbucketAuth().");
}

function serverSession(req: Request): ServerSession | undefined {
  const session = member(req, "session");
  return isServerSession(session) ? session : undefined;
}

function isServerSession(value: unknown): value is ServerSession {
  return value !== undefined && parts.every((name) => typeof member(value, name) === "function");
}

function parseSession(value: unknown): Session | undefined {
  const account = member(value, "account");
  const [issuedAt, signedInAt] = [member(value, "issuedAt"), member(value, "signedInAt")];
  if (typeof account !== "string" || account === "" || typeof issuedAt !== "number") return undefined;
  return { account, issuedAt, ...(typeof signedInAt === "number" && { signedInAt }) };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
