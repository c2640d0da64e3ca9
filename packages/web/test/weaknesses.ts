import { createHash } from "node:crypto";
import type { Need } from "@bitbucket-auth/web-suite/attacks/attack.js";
import type { BitbucketAuth } from "@bitbucket-auth/core";
import type { WebRequest } from "../src/exchange.js";
import { finishing, parametersOf, plainSealer, replacing, sharedAttempts } from "./break-defence.js";

/** One defence taken away, to show that an attack which it stops is an attack. */
export interface Weakness {
  /** Replaces modules of the package, before it is loaded. */
  readonly modules?: () => void;
  /** Replaces what core does. */
  readonly auth?: (auth: BitbucketAuth) => BitbucketAuth;
}

const eternalSessions = replacing("../src/session.js", () => ({
  createSessionJudge: () => ({ isLive: async () => true, knows: () => true, hasToken: async () => true }),
}));

/** By what is missing. */
export const weaknesses: Readonly<Record<Need, Weakness>> = {
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
    modules: replacing("../src/cookies.js", (original) => {
      const create = original["createCookieSealer"] as (secrets: string[], purpose: string) => unknown;
      return {
        createCookieSealer: (_secrets: string[], purpose: string) => create(["known to everybody"], purpose),
      };
    }),
  },
  "of two cookies the first counts": {
    modules: replacing("../src/cookies.js", () => ({
      readCookie: (request: WebRequest, name: string) =>
        new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.header("cookie") ?? "")?.[1],
    })),
  },
  "cookies are not bound to the host": {
    modules: replacing("../src/cookies.js", () => ({ cookieName: (name: string) => name })),
  },
  "signing out only clears the cookie": {
    modules: eternalSessions,
    auth: (auth) => ({ ...auth, signOut: async () => undefined }),
  },
  "sessions outlive a sign-out": {
    modules: eternalSessions,
  },
  "sessions do not age": {
    modules: replacing("../src/session.js", () => ({ sessionLifeMs: 400 * 24 * 3_600_000 })),
  },
  "return-to is taken as it is": {
    modules: replacing("../src/same-origin.js", () => ({ readReturnTo: ([value]: string[]) => value })),
  },
  "no origin is judged": {
    modules: replacing("../src/same-origin.js", () => ({ judgeOrigin: () => "proven" })),
  },
  "a read may come from anywhere": {
    modules: replacing("../src/same-origin.js", () => ({ judgeOrigin: () => "unsaid" })),
  },
  "proxy paths are taken as they are": {
    modules: replacing("../src/proxy-rules.js", () => ({
      readApiPath: (url: string, prefix: string) => url.slice(prefix.length),
    })),
  },
  "the proxy returns code": {
    modules: replacing("../src/same-origin.js", () => ({ isWantedAsCode: () => false })),
  },
  "the proxy forwards every header": {
    modules: replacing("../src/proxy-rules.js", () => ({
      forwardedHeaders: (request: WebRequest) => {
        const [cookie = "", address = ""] = [request.header("cookie"), request.header("x-forwarded-for")];
        return new Headers({ cookie, "x-forwarded-for": address });
      },
    })),
  },
  "the proxy returns every header and nothing else": {
    modules: replacing("../src/proxy-rules.js", () => ({
      copyAnswerHeaders: (received: Response, answer: { headers: Map<string, string> }) => {
        for (const [name, value] of received.headers)
          if (name !== "content-length") answer.headers.set(name, value);
      },
    })),
  },
  "attempts are never forgotten": {
    modules: replacing("../src/cookies.js", () => ({ cookiesNamed: () => [] })),
  },
  "error pages repeat what came in": {
    modules: replacing("../src/problem.js", (original) => {
      const describe = original["describeProblem"] as (error: unknown) => object;
      return {
        describeProblem: (error: { description?: string }) => ({
          ...describe(error),
          text: error.description,
        }),
        escapeHtml: (text: string) => text,
      };
    }),
  },
};
