import { createHash } from "node:crypto";
import type { BitbucketAuth } from "@bitbucket-auth/core";
import { finishing, parametersOf, plainSealer, replacing, sharedAttempts } from "./break-defence.js";

/** One defence taken away, to show that an attack which it stops is an attack. */
export interface Weakness {
  /** Replaces modules of the package, before it is loaded. */
  readonly modules?: () => void;
  /** Replaces what core does. */
  readonly auth?: (auth: BitbucketAuth) => BitbucketAuth;
}

/** By what is missing. */
export const weaknesses = {
  "attempts belong to no browser": {
    modules: sharedAttempts((attempts, state) => attempts.get(state)),
  },
  "the state is not compared": {
    modules: sharedAttempts((attempts) => [...attempts.values()].at(-1)),
    auth: finishing((options) => {
      const callback = parametersOf(options.callback);
      callback.set("state", options.transaction.state);
      return { ...options, callback };
    }),
  },
  "everybody has the same PKCE verifier": {
    auth: (auth) => ({
      ...auth,
      async startAuthorization(options) {
        const { url, transaction } = await auth.startAuthorization(options);
        const codeVerifier = "v".repeat(43);
        const shared = new URL(url);
        shared.searchParams.set(
          "code_challenge",
          createHash("sha256").update(codeVerifier).digest("base64url"),
        );
        return { url: shared.href, transaction: { ...transaction, codeVerifier } };
      },
    }),
  },
  "a finished sign-in is finished again": {
    auth(auth) {
      const finished = new Map<string, ReturnType<BitbucketAuth["finishAuthorization"]>>();
      return {
        ...auth,
        finishAuthorization(options) {
          const { state } = options.transaction;
          const result = finished.get(state) ?? auth.finishAuthorization(options);
          finished.set(state, result);
          return result;
        },
      };
    },
  },
  "of two parameters the first counts": {
    modules: sharedAttempts((attempts, state) => attempts.get(state)),
    auth: finishing((options) => {
      const first = new URLSearchParams();
      for (const [name, value] of parametersOf(options.callback))
        if (!first.has(name)) first.set(name, value);
      return { ...options, callback: first };
    }),
  },
  "the issuer is not read": {
    auth: finishing((options) => {
      const callback = parametersOf(options.callback);
      callback.delete("iss");
      return { ...options, callback };
    }),
  },
  "an error beside a code is not read": {
    auth: finishing((options) => {
      const callback = parametersOf(options.callback);
      callback.delete("error");
      return { ...options, callback };
    }),
  },
  "attempts do not age": {
    auth: finishing((options) => ({
      ...options,
      transaction: { ...options.transaction, createdAt: options.transaction.createdAt + 11 * 60_000 },
    })),
  },
  "cookies are not sealed": { modules: plainSealer },
  "any secret opens a cookie": {
    modules: replacing("../src/cookie-sealer.js", (original) => {
      const create = original["createCookieSealer"] as (secrets: string[], purpose: string) => unknown;
      return {
        createCookieSealer: (_secrets: string[], purpose: string) => create(["known to everybody"], purpose),
      };
    }),
  },
  "the session id stays": {
    modules: replacing("../src/express-session.js", (original) => {
      const create = original["createExpressSession"] as () => object;
      return {
        createExpressSession: () => ({
          ...create(),
          open: async (req: { session: object }, _res: unknown, session: object) =>
            void Object.assign(req.session, { bitbucketAuth: session }),
        }),
      };
    }),
  },
  "of two cookies the first counts": {
    modules: replacing("../src/cookie-header.js", () => ({
      readCookie: (req: { headers: { cookie?: string } }, name: string) =>
        new RegExp(`(?:^|; )${name}=([^;]*)`).exec(req.headers.cookie ?? "")?.[1],
    })),
  },
  "cookies are not bound to the host": {
    modules: replacing("../src/cookie-header.js", () => ({ cookieName: (name: string) => name })),
  },
  "signing out only clears the cookie": {
    modules: replacing("../src/session-epoch.js", () => ({ createSessionEpochs: () => eternal })),
    auth: (auth) => ({ ...auth, signOut: async () => undefined }),
  },
  "sessions outlive a sign-out": {
    modules: replacing("../src/session-epoch.js", () => ({ createSessionEpochs: () => eternal })),
  },
  "sessions do not age": {
    modules: replacing("../src/session.js", () => ({ sessionLifeMs: 400 * 24 * 3_600_000 })),
  },
  "return-to is taken as it is": {
    modules: replacing("../src/return-to.js", () => ({ readReturnTo: ([value]: string[]) => value })),
  },
  "no origin is judged": {
    modules: replacing("../src/same-origin.js", () => ({ judgeOrigin: () => "proven" })),
  },
  "a read may come from anywhere": {
    modules: replacing("../src/same-origin.js", () => ({ judgeOrigin: () => "unsaid" })),
  },
  "proxy paths are taken as they are": {
    modules: replacing("../src/proxy-path.js", () => ({
      readApiPath: (url: string, prefix: string) => url.slice(prefix.length),
    })),
  },
  "the proxy returns code": {
    modules: replacing("../src/wanted-as-code.js", () => ({ isWantedAsCode: () => false })),
  },
  "the proxy forwards every header": {
    modules: replacing("../src/proxy-headers.js", () => ({
      forwardedHeaders: (req: { headers: Record<string, string> }) => {
        const { cookie = "", "x-forwarded-for": address = "" } = req.headers;
        return new Headers({ cookie, "x-forwarded-for": address });
      },
    })),
  },
  "the proxy returns every header and nothing else": {
    modules: replacing("../src/proxy-headers.js", () => ({
      copyAnswerHeaders: (answer: Response, res: { setHeader(name: string, value: string): void }) => {
        for (const [name, value] of answer.headers) if (name !== "content-length") res.setHeader(name, value);
      },
    })),
  },
  "attempts are never forgotten": {
    modules: replacing("../src/cookie-header.js", () => ({ cookiesNamed: () => [] })),
  },
  "error pages repeat what came in": {
    modules: replacing("../src/problem.js", (original) => {
      const describe = original["describeProblem"] as (error: unknown) => object;
      return {
        describeProblem: (error: { description?: string }) => ({
          ...describe(error),
          text: error.description,
        }),
      };
    }),
  },
} satisfies Record<string, Weakness>;

const eternal = {
  current: async () => 0,
  startSession: async (_account: string, { expiresAt }: { expiresAt: number }) => expiresAt - 7_200_000,
  endSessions: async () => undefined,
};
