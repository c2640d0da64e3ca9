import type { Clock } from "@bitbucket-auth/core";
import type { Ajax, AjaxOwner } from "./ajax.js";
import type { ClientConfig } from "./client-config.js";
import type { Page } from "./page.js";
import type { StateStorage } from "./state-storage.js";

/** What `createBitbucketClient()` takes: `backend`, or else `client` for the implicit grant. */
export interface BitbucketClientOptions extends Page {
  /** Path of the login route of `@bitbucket-auth/express` on this origin, `/auth/bitbucket`. No token reaches the page. */
  readonly backend?: string | undefined;
  /** Path of its logout route. @default `<backend>/logout` */
  readonly logout?: string | undefined;
  /** Path of its API proxy. @default "/api/bitbucket" */
  readonly proxy?: string | undefined;
  /**
   * Registers the page itself as an OAuth client, for the implicit grant.
   * @deprecated Bitbucket Cloud dropped that grant (RFC 9700 section 2.1.2 says why one should). Use `backend`.
   */
  readonly client?: ClientConfig | undefined;
  /** The consent page of another server, for the implicit grant. @default Bitbucket's */
  readonly authorizationEndpoint?: string | undefined;
  /** The API's origin; the token goes there and nowhere else. `https:`, or `http:` to a loopback host. @default Bitbucket's */
  readonly apiUrl?: string | undefined;
  /** Where the state of an implicit sign-in waits. @default new SessionStorage() */
  readonly storage?: StateStorage | undefined;
  /** The key it waits under. @default "oauth-state" */
  readonly storageKey?: string | undefined;
  /** Keeps the token of an implicit sign-in here, beyond a reload. Every script on the origin can then take it. */
  readonly dangerouslyKeepTokenIn?: StateStorage | undefined;
  /** `true` tells the console, or `logger`, each step. Never a token, a state or an answer. */
  readonly logging?: boolean | undefined;
  readonly logger?: Pick<Console, "log"> | undefined;
  /** Carries the calls instead of `fetch`: jQuery's `$.ajax`, or a function like it. It must not follow redirects to other origins. */
  readonly ajax?: Ajax | undefined;
  /** jQuery itself; its `ajax` carries the calls. */
  readonly $?: AjaxOwner | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Bounds a call by `fetch`, to the last byte of its answer, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}
