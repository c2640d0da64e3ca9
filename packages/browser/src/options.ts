import { type Clock, InvalidOptionsError } from "@bitbucket-auth/core";
import { keepsSecrets, readUrl } from "@bitbucket-auth/core/internal";
import type { Ajax, AjaxOwner } from "./resource-request.js";
import type { StateStorage } from "./state-storage.js";

/** What the client uses of `window.location`. */
export type PageLocation = Pick<Location, "href" | "assign">;
/** What the client uses of `window.history`. */
export type PageHistory = Pick<History, "state" | "replaceState">;

/** The page as the client sees it: each part is the caller's where given, else the window's. */
export interface Page {
  readonly location?: PageLocation | undefined;
  readonly history?: PageHistory | undefined;
}

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
  /** Keeps the state of an implicit sign-in until its callback. @default new SessionStorage() */
  readonly storage?: StateStorage | undefined;
  /** The key the state is kept under. @default "oauth-state" */
  readonly storageKey?: string | undefined;
  /** Keeps the token of an implicit sign-in here, beyond a reload. Every script on the origin can then take it. */
  readonly dangerouslyKeepTokenIn?: StateStorage | undefined;
  /** `true` logs each step to the console, or to `logger`. Never a token, a state or a response. */
  readonly logging?: boolean | undefined;
  /** Where `logging` writes. @default the console */
  readonly logger?: Pick<Console, "log"> | undefined;
  /** Carries the calls instead of `fetch`: jQuery's `$.ajax`, or a function like it. It must not follow redirects to other origins. */
  readonly ajax?: Ajax | undefined;
  /** jQuery itself; its `ajax` carries the calls. */
  readonly $?: AjaxOwner | undefined;
  /** Carries the calls where neither `ajax` nor `$` is given. @default the page's */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Limit of a call by `fetch`, to the last byte of its response, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /** Decides when an implicit token has expired. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Every name, for pages whose scripts no type is checked in. */
const optionNames: Readonly<Record<keyof BitbucketClientOptions, true>> = {
  backend: true,
  logout: true,
  proxy: true,
  client: true,
  authorizationEndpoint: true,
  apiUrl: true,
  storage: true,
  storageKey: true,
  dangerouslyKeepTokenIn: true,
  logging: true,
  logger: true,
  ajax: true,
  $: true,
  fetch: true,
  timeoutMs: true,
  clock: true,
  location: true,
  history: true,
};

/** Throws `InvalidOptionsError` for an option of another name: a misspelt one must not be ignored silently. */
export function assertOptionNames(options: BitbucketClientOptions): void {
  for (const name in { ...options })
    if (!(name in optionNames)) throw new InvalidOptionsError(`${name} is no option.`);
}

/** How a page is registered with the authorization server, by the names on the wire. */
export interface ClientConfig {
  readonly client_id: string;
  /** The page that is called back, as registered. */
  readonly redirect_uri?: string | undefined;
  /** Instead of `redirect_uri`; the first one is used. */
  readonly redirect_uris?: readonly string[] | undefined;
  /** Space-separated. Bitbucket ignores it: its scopes are set on the consumer. */
  readonly scope?: string | undefined;
}

/** A `ClientConfig` that was checked. */
export interface ValidClientConfig extends ClientConfig {
  readonly redirect_uris: readonly string[];
  readonly scope: string;
}

/** Paths of this origin: the routes and the proxy of `@bitbucket-auth/express`. */
export interface BackendPaths {
  readonly login: string;
  readonly logout: string;
  readonly proxy: string;
}

/** The paths that the options name, or `undefined` without `backend`. Throws `InvalidOptionsError` for what is no path. */
export function readBackendPaths(options: BitbucketClientOptions): BackendPaths | undefined {
  const { backend: login, proxy = "/api/bitbucket", logout = `${login}/logout` } = options;
  if (login === undefined) return undefined;
  if ([login, proxy, logout].every((path) => /^(?:\/[\w.~-]+)+$/.test(path))) return { login, proxy, logout };
  throw new InvalidOptionsError("backend, proxy and logout must be paths.");
}

/** Completes a configuration. Throws `InvalidOptionsError` for one that cannot be registered with a server. */
export function readClientConfig(client: ClientConfig): ValidClientConfig {
  const { client_id, redirect_uri = "", scope = "" } = client;
  const redirect_uris = [client.redirect_uris ?? redirect_uri].flat();
  const areText = client_id && [client_id, scope].every((text) => typeof text === "string");
  if (areText && redirect_uris[0] && redirect_uris.every((uri) => readUrl(uri) && !/#/.test(uri)))
    return { ...client, redirect_uris, scope };
  throw new InvalidOptionsError("client needs client_id and a redirect_uri without #.");
}

/** The address in an option that secrets are sent to. Throws `InvalidOptionsError` unless it is https, or http to a loopback host. */
export function safeUrl(text: string, optionName: string): URL {
  const url = readUrl(text);
  if (url && keepsSecrets(url)) return url;
  throw new InvalidOptionsError(`${optionName} must be https: or to a loopback host.`);
}

/** The page's location. Looked up when it is used, so that a client can be created where there is no page. */
export function locationOf({ location = globalThis.location }: Page): PageLocation {
  if (location) return location;
  throw new InvalidOptionsError("Pass location.");
}
