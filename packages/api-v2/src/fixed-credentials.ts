import {
  AccessTokenRejectedError,
  createAuthenticatedFetch,
  type Clock,
  type FetchForOptions,
} from "@bitbucket-auth/core";

/** Credentials that nobody renews. */
export type FixedCredentials =
  | { readonly scheme: "bearer"; readonly accessToken: string }
  | { readonly scheme: "basic"; readonly username: string; readonly password: string }
  | { readonly scheme: "none" };

/** Where calls go, and how. */
export interface Route {
  readonly apiUrl: string;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
}

/** A `fetch` for Bitbucket's API with credentials as they are: kept at home as core keeps a token, and never renewed. */
export function fetchWith(
  credentials: FixedCredentials,
  { apiUrl, fetch = (input, init) => globalThis.fetch(input, init), clock }: Route,
  limits: FetchForOptions = {},
): typeof globalThis.fetch {
  const secret = secretOf(credentials);
  return createAuthenticatedFetch({
    ...limits,
    apiUrl,
    clock,
    // Core puts `Bearer` on what goes to the API and on nothing else: the scheme is changed where it did.
    fetch:
      credentials.scheme === "bearer"
        ? fetch
        : (input, init) => fetch(input, withScheme(credentials.scheme, init)),
    async accessToken({ rejected }) {
      if (rejected === undefined) return secret;
      throw new AccessTokenRejectedError(refusal(credentials), { status: 401 });
    },
  });
}

function secretOf(credentials: FixedCredentials): string {
  switch (credentials.scheme) {
    case "bearer":
      return credentials.accessToken;
    case "basic":
      return Buffer.from(`${credentials.username}:${credentials.password}`, "utf8").toString("base64");
    case "none":
      return "none";
  }
}

function withScheme(scheme: "basic" | "none", init: RequestInit = {}): RequestInit {
  const headers = new Headers(init.headers);
  const authorization = headers.get("authorization");
  headers.delete("authorization");
  if (scheme === "basic" && authorization)
    headers.set("authorization", authorization.replace(/^Bearer /, "Basic "));
  return { ...init, headers };
}

function refusal(credentials: FixedCredentials): string {
  switch (credentials.scheme) {
    case "bearer":
      return credentials.accessToken.startsWith("ATATT")
        ? "Bitbucket refuses this API token as a bearer. Pass basicAuth instead: the account's email as username, the token as password."
        : "Bitbucket refuses this access token. An OAuth token lives two hours: createAuthenticatedAPI() renews it.";
    case "basic":
      return "Bitbucket refuses this username and password. App passwords ended in July 2026: pass the account's email and an API token.";
    case "none":
      return "Bitbucket wants to know who asks. Use createAuthenticatedAPI(), or pass accessToken or basicAuth.";
  }
}
