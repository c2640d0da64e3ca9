import type { BitbucketAuth, FinishAuthorizationOptions } from "@bitbucket-auth/core";
import { vi } from "vitest";
import type { Attempt } from "../src/transaction-cookie.js";

type Finish = (options: FinishAuthorizationOptions) => FinishAuthorizationOptions;

/** Replaces a part of what a module of the package exports. */
export function replacing(
  path: string,
  change: (original: Record<string, unknown>) => Record<string, unknown>,
) {
  return () => vi.doMock(path, async (load) => ({ ...(await load<object>()), ...change(await load()) }));
}

/** Changes what core is given to finish a sign-in with. */
export function finishing(change: Finish): (auth: BitbucketAuth) => BitbucketAuth {
  return (auth) => ({ ...auth, finishAuthorization: (options) => auth.finishAuthorization(change(options)) });
}

/** The parameters of a callback, to change. */
export function parametersOf(callback: FinishAuthorizationOptions["callback"]): URLSearchParams {
  return new URLSearchParams(callback instanceof URL ? callback.search : callback);
}

/** Keeps attempts for everybody instead of each in the browser that started it; `find` says which one is taken. */
export function sharedAttempts(find: (attempts: Map<string, Attempt>, state: string) => Attempt | undefined) {
  return replacing("../src/transaction-cookie.js", () => {
    const attempts = new Map<string, Attempt>();
    return {
      createTransactionCookies: () => ({
        keep: async (_request: unknown, _answer: unknown, attempt: Attempt) =>
          void attempts.set(attempt.transaction.state, attempt),
        find: async (_request: unknown, state: string) => find(attempts, state),
        forget: async () => undefined,
      }),
    };
  });
}

/** Writes cookies that everybody can read and write. */
export const plainSealer = replacing("../src/cookies.js", () => ({
  createCookieSealer: () => ({
    seal: async (content: Uint8Array) => Buffer.from(content).toString("base64url"),
    open: async (sealed: string) => Buffer.from(sealed, "base64url"),
  }),
}));
