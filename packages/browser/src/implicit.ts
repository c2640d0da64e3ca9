import {
  AuthorizationCallbackError,
  AuthorizationDeniedError,
  bitbucketCloud,
  systemClock,
  TokenResponseInvalidError,
} from "@bitbucket-auth/core";
import {
  type BitbucketClientOptions,
  locationOf,
  type Page,
  safeUrl,
  type ValidClientConfig,
} from "./options.js";
import { apiAddress, type RequestObject, signedOut } from "./resource-request.js";
import { createLoginState, type LoginState, type StorageSlot, storageSlot } from "./state-storage.js";

/** What an implicit sign-in brought. The token can be read by its name alone: printing or spreading does not show it. */
export class CallbackData {
  readonly #accessToken: string;
  /** When the access token expires, epoch milliseconds. */
  readonly expiresAt: number;

  constructor(accessToken: string, expiresAt: number) {
    this.#accessToken = accessToken;
    this.expiresAt = expiresAt;
  }

  /** By its name on the wire, as the page's hooks have always read it. */
  get access_token(): string {
    return this.#accessToken;
  }
}

/** The implicit grant, as a page goes through it. */
export interface ImplicitSignIn {
  /** The address of the consent page (RFC 6749 section 4.2.1), after the state has been kept. */
  start(state: string): string;
  /** What the page was called back with, taken out of its address; `undefined` when it was not. */
  finish(): CallbackData | undefined;
  /** The request with the token on it. Throws when there is none, and for an address that is not the API's. */
  seal(request: RequestObject): RequestObject;
  /** Forgets the token. */
  forget(): void;
}

/**
 * The page gets a token of its own and sends it to the API, and to nothing else.
 *
 * @deprecated Bitbucket Cloud dropped this grant, and RFC 9700 section 2.1.2 advises against it: the token passes through the
 * address bar and there is no refresh token. It is here for servers that still speak it.
 */
export function createImplicitSignIn(
  options: BitbucketClientOptions,
  { client_id, redirect_uris, scope }: ValidClientConfig,
  api: URL,
): ImplicitSignIn {
  const {
    authorizationEndpoint = bitbucketCloud.authorizationUrl,
    storage,
    dangerouslyKeepTokenIn: keepIn,
    storageKey = "oauth-state",
    clock = systemClock,
  } = options;
  const endpoint = safeUrl(authorizationEndpoint, "authorizationEndpoint");
  const kept = createLoginState(storageSlot(() => storage ?? globalThis.sessionStorage, storageKey));
  const token = createKeptToken(storageSlot(keepIn && (() => keepIn), `${storageKey}-token`));
  return {
    start(state) {
      const parameters = { response_type: "token", client_id, redirect_uri: redirect_uris[0], scope, state };
      for (const [name, value] of Object.entries(parameters))
        if (value) endpoint.searchParams.set(name, value);
      kept.keep(state);
      return endpoint.href;
    },
    finish() {
      const tokens = finishLogin(options, kept, clock.now());
      if (tokens) token.set(tokens);
      return tokens;
    },
    seal(request) {
      const tokens = token.get();
      if (!tokens || tokens.expiresAt <= clock.now()) throw signedOut();
      return {
        ...request,
        // A subclass may have built the request: what is sent is what was checked.
        url: apiAddress(request.url, api).href,
        headers: { ...request.headers, authorization: `Bearer ${tokens.access_token}` },
      };
    },
    forget: () => token.set(),
  };
}

/** The one token of an implicit sign-in. */
export interface KeptToken {
  get(): CallbackData | undefined;
  /** Forgets it, or takes another. */
  set(tokens?: CallbackData): void;
}

/** Keeps the token in memory and in the slot. Any script of the origin can write there: text in another form is no token. */
function createKeptToken(slot: StorageSlot): KeptToken {
  let current: CallbackData | undefined;
  return {
    get() {
      const [, expiresAt, accessToken] = /^(\d+) ([!-~]+)$/.exec(current ? "" : slot.read()) ?? [];
      if (accessToken) current = new CallbackData(accessToken, Number(expiresAt));
      return current;
    },
    set(tokens) {
      current = tokens;
      slot.write(tokens ? `${tokens.expiresAt} ${tokens.access_token}` : "");
    },
  };
}

/**
 * Reads the callback in the page's address, if one is there. First of all it is taken out of the address bar and the history
 * entry, whatever is in it; where that fails it is not used. Then the state is redeemed, and only then is the rest read.
 *
 * A refusal may also come in the query, from servers that do not know `response_type=token`. A token may not.
 */
function finishLogin(page: Page, state: LoginState, now: number): CallbackData | undefined {
  const url = new URL(locationOf(page).href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  const isFragment = fragment.has("access_token") || fragment.has("error");
  const parameters = isFragment ? fragment : new URLSearchParams(url.search);
  // The page's other sign-ins end in its query too: this one is recognised by its state alone.
  if (!isFragment && !(parameters.has("error") && state.matches(parameters.get("state")))) return undefined;
  if (isFragment) url.hash = "";
  else for (const name of ["error", "error_description", "error_uri", "state"]) url.searchParams.delete(name);
  const { history = globalThis.history } = page;
  try {
    history.replaceState(history.state, "", url.href);
  } catch {
    throw unusable();
  }
  if (!isPlain(parameters)) throw unusable();
  state.redeem(parameters.get("state"));
  return readImplicitTokens(parameters, now);
}

function unusable(): AuthorizationCallbackError {
  return new AuthorizationCallbackError("The callback is not usable. Call authorize().");
}

/** What every recorded Bitbucket response says; used when a response says nothing. */
const defaultLifetimeSeconds = "7200";
const longestLifetimeSeconds = 10 * 366 * 24 * 60 * 60;
/** Far above any real callback. */
const longestCallback = 16 * 1024;

/** Whether no parameter is there twice (RFC 6749 section 3.1) and all are no longer than a callback may be. */
function isPlain(parameters: URLSearchParams): boolean {
  const names = [...parameters.keys()];
  return String(parameters).length < longestCallback && names.length === new Set(names).size;
}

/**
 * Reads the parameters of an implicit callback, as strictly as core's `readImplicitCallback()` does and with the same verdicts
 * (RFC 6749 section 4.2.2). The state has been checked by then. A server's own words are not repeated.
 */
function readImplicitTokens(parameters: URLSearchParams, now: number): CallbackData {
  const error = parameters.get("error");
  if (error !== null) throw denial(/^[a-z_]{1,40}$/.test(error) ? error : "");
  const field = (name: string, pattern: RegExp, otherwise = ""): string => {
    const value = parameters.get(name) ?? otherwise;
    if (pattern.test(value)) return value;
    throw new TokenResponseInvalidError(`The callback has no usable ${name}. Call authorize().`);
  };
  const accessToken = field("access_token", /^[!-~]+$/);
  field("token_type", /^bearer$/i, "bearer");
  const seconds = Number(field("expires_in", /^0*[1-9]\d{0,8}$/, defaultLifetimeSeconds));
  if (seconds > longestLifetimeSeconds) field("expires_in", /^$/);
  for (const name of ["scope", "scopes"]) field(name, /^[ -~]*$/);
  return new CallbackData(accessToken, now + seconds * 1000);
}

function denial(oauthError: string): AuthorizationDeniedError {
  const next = /^un(?:supported_response_type|authorized_client)$/.test(oauthError)
    ? "The server gives pages no tokens: use `backend`."
    : "Call authorize().";
  return new AuthorizationDeniedError(`The authorization was not granted (${oauthError}). ${next}`, {
    oauthError,
  });
}
