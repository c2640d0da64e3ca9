import { promisify } from "node:util";
import { InvalidOptionsError } from "@bitbucket-auth/core";
import type { Request } from "express";
import { member, textMember } from "./member.js";
import type { Session, SessionKeeper } from "./session.js";

/** The part of `express-session` that is used here. */
interface ServerSession {
  regenerate(done: (error: unknown) => void): unknown;
  destroy(done: (error: unknown) => void): unknown;
  save(done: (error: unknown) => void): unknown;
}

const parts = ["regenerate", "destroy", "save"];
const field = "bitbucketAuth";

/** Whether `express-session` has run for this request. */
export function hasExpressSession(req: Request): boolean {
  return serverSession(req) !== undefined;
}

/** Keeps the session where `express-session` keeps it. Signing in makes a new session id; what the old one held is gone. */
export function createExpressSession(): SessionKeeper {
  return {
    async read(req) {
      return parseSession(member(required(req), field));
    },
    async open(req, _res, session) {
      const old = required(req);
      await promisify(old.regenerate.bind(old))();
      const fresh = required(req);
      Reflect.set(fresh, field, session);
      // Note: saved before the redirect, or the browser could be back before the session is.
      await promisify(fresh.save.bind(fresh))();
    },
    async close(req) {
      const session = required(req);
      await promisify(session.destroy.bind(session))();
    },
  };
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
  const account = textMember(value, "account");
  const issuedAt = member(value, "issuedAt");
  return account !== undefined && typeof issuedAt === "number" ? { account, issuedAt } : undefined;
}
