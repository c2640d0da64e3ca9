import type { Clock, Endpoints, ErrorAction, FetchForOptions, GitCredentials } from "@bitbucket-auth/core";
import { assertOptions, assertSignal } from "@bitbucket-auth/core/internal";

/**
 * The kinds of credential Bitbucket Cloud takes.
 *
 * - `api_token`: made by a user at Atlassian, begins with `ATATT`, lives a year at most.
 * - `access_token`: of a repository, project or workspace, begins with `ATCTT`.
 * - `oauth`: a grant of a user, renewed by core.
 * - `consumer`: the OAuth consumer acting as itself, renewed by core.
 */
export type CredentialKind = "api_token" | "access_token" | "oauth" | "consumer";

/** What `authorization()`, `git()` and `verify()` take. */
export interface AuthorizationOptions {
  /** Ends the wait of this caller: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One credential, whatever its kind. Printed, inspected or written as JSON it shows its kind only.
 *
 * The promises of core's `fetchFor()` hold for every kind: the API origin only, redirects, time limit, rate-limit budget. After
 * a 401 a renewed kind is renewed once; for the others the call rejects with `AccessTokenRejectedError`, whose message names
 * the likely cause and the next step.
 */
export interface Credential {
  readonly kind: CredentialKind;
  /** Until when it works, epoch milliseconds, if that was passed. Renewed kinds have none: see `git()` and `verify()`. */
  readonly expiresAt?: number | undefined;
  /** The whole value of the `Authorization` header, for another HTTP client. Renewed kinds reject as `auth.getTokens()` does. */
  authorization(options?: AuthorizationOptions): Promise<string>;
  /** A `fetch` for Bitbucket's API with this credential. Takes `/2.0/user` or a whole URL of the API. */
  readonly fetch: typeof globalThis.fetch;
  /** As `fetch`, with a time limit, a rate-limit budget or repository archives, as core's `fetchFor()` takes them. */
  fetchWith(limits: FetchForOptions): typeof globalThis.fetch;
  /**
   * User name and password for Git over HTTPS. Each kind has a user name of its own, and Bitbucket refuses any other, the
   * account's email too. Renewed kinds reject as `auth.getTokens()` does.
   */
  git(options?: AuthorizationOptions): Promise<GitCredentials>;
  /**
   * Asks Bitbucket whose credential this is, which scopes it has and until when it works. A credential that is refused resolves
   * too, with one sentence that names what is wrong. Rejects when nothing is known: no answer within a minute, a 5xx, a
   * storage that failed, an abort.
   */
  verify(options?: AuthorizationOptions): Promise<Verification>;
  /** For logs: the kind alone. */
  toString(): string;
}

/** Who or what a credential acts as. */
export interface Identity {
  /** Bitbucket's `type`: `user`, `app_user` for a consumer, `workspace`, `repository`. */
  readonly type: string;
  /** In braces. It never changes, so use it as a key. */
  readonly uuid?: string | undefined;
  readonly displayName?: string | undefined;
  /** The workspace or repository that was read with an access token: `acme`, `acme/site`. */
  readonly place?: string | undefined;
}

/** What can be wrong with a credential. */
export type VerificationProblem =
  /** Bitbucket does not accept it. */
  | "refused"
  /** It works, but lacks the scope to say whose it is. */
  | "scope_missing"
  /** It works, but not for this workspace or repository. */
  | "elsewhere"
  /** There is no grant, or it has ended: the user signs in again. */
  | "signed_out";

/** What `verify()` resolves with. */
export type Verification =
  | {
      readonly ok: true;
      readonly kind: CredentialKind;
      /** Absent for an access token made without `workspace`: no route names the owner of one. */
      readonly identity?: Identity | undefined;
      /** As Bitbucket lists them, without those they imply. Absent when Bitbucket did not say. */
      readonly scopes?: readonly string[] | undefined;
      /** Epoch milliseconds, where it is known. */
      readonly expiresAt?: number | undefined;
    }
  | {
      readonly ok: false;
      readonly kind: CredentialKind;
      readonly problem: VerificationProblem;
      /** What is wrong, and the next step. */
      readonly message: string;
      readonly action: ErrorAction;
      readonly scopes?: readonly string[] | undefined;
    };

/** A credential that cannot be renewed ends soon, or has ended. */
export interface CredentialWarning {
  readonly code: "expires_soon" | "expired";
  /** Names the kind, the day and the next step, and no secret. */
  readonly message: string;
  readonly kind: CredentialKind;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** What every credential that cannot be renewed takes besides the secret itself. */
export interface StaticCredentialOptions {
  /** Until when it works, epoch milliseconds. Bitbucket shows the day when the token is made and has no API that tells it. */
  readonly expiresAt?: number | undefined;
  /** How long before `expiresAt` to warn, in milliseconds. @default two weeks */
  readonly warnAheadMs?: number | undefined;
  /**
   * Called when the credential is used within `warnAheadMs` of its end, and when it is used after it: once each. What it
   * throws is ignored. @default `console.warn` with the message
   */
  readonly onWarning?: ((warning: CredentialWarning) => void) | undefined;
  /** Where Bitbucket is, for a fake: `https:`, or `http:` to a loopback host. `tokenUrl` has no use here. @default Bitbucket Cloud */
  readonly endpoints?: { readonly [Name in keyof Endpoints]?: Endpoints[Name] | undefined } | undefined;
  /** Sends every request. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** What `expiresAt` is compared with. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Reads the argument of a method. Throws `InvalidOptionsError` for an unknown option. */
export function readSignal(given: AuthorizationOptions | undefined, method: string): AbortSignal | undefined {
  if (given === undefined) return undefined;
  assertOptions(given, method, ["signal"]);
  assertSignal(given.signal);
  return given.signal ?? undefined;
}

/** Node's `util.inspect` looks for this symbol. */
const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/** Makes a credential show its kind and nothing else to `String()`, `JSON.stringify()` and `util.inspect()`. */
export function printAsKind<Given extends { readonly kind: CredentialKind }>(credential: Given): Given {
  const summary = `Credential(${credential.kind})`;
  return Object.defineProperties(credential, {
    toJSON: { value: () => ({ kind: credential.kind }) },
    toString: { value: () => summary },
    [inspectCustom]: { value: () => summary },
  });
}
