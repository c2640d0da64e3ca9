import {
  BitbucketAuthError,
  bitbucketCloud,
  InvalidOptionsError,
  StateMismatchError,
  systemClock,
} from "@bitbucket-auth/core";
import { type CallbackData, createImplicitSignIn, type ImplicitSignIn } from "./implicit.js";
import {
  type BackendPaths,
  type BitbucketClientOptions,
  assertOptionNames,
  type ClientConfig,
  locationOf,
  readBackendPaths,
  readClientConfig,
  safeUrl,
  type ValidClientConfig,
} from "./options.js";
import {
  apiAddress,
  apiFailure,
  readResponse,
  requestObject,
  type RequestObject,
  type ResourceOptions,
  resultOfAjax,
  statusOf,
} from "./resource-request.js";

/** Given to `onSuccess()`. */
export interface ResourceSuccess extends ResourceOptions {
  readonly data: unknown;
}

/** Given to `onFailure()`; without `resourceUrl` it was the sign-in that failed. */
export interface ResourceFailure extends Partial<ResourceOptions> {
  readonly error: unknown;
}

/**
 * Signs users in with Bitbucket from a page, and calls the API for them. Made to be subclassed: every method may be overridden;
 * the `on…` hooks only log until they are.
 *
 * With `backend` the server holds the tokens; with `client` the page gets one by the implicit grant (deprecated: see
 * `BitbucketClientOptions`). A subclass cannot change where a token goes: it is added last, to a request for the API's origin.
 */
export class BitBucketClient {
  /** The page's own registration, for the implicit grant. */
  readonly client: ValidClientConfig | undefined;
  readonly logging: boolean;
  /** The result of the last sign-in; `null` before one, and always with a backend. */
  callbackData: CallbackData | null = null;
  readonly #options: BitbucketClientOptions;
  readonly #api: URL;
  /** Exactly one of the two is set. */
  readonly #backend: BackendPaths | undefined;
  readonly #implicit: ImplicitSignIn | undefined;

  constructor(given: BitbucketClientOptions) {
    const options = (this.#options = { ...given });
    this.logging = options.logging ?? false;
    this.client = options.client && this.validateClientConfig(options.client);
    this.#api = safeUrl(options.apiUrl ?? bitbucketCloud.apiUrl, "apiUrl");
    this.#backend = readBackendPaths(options);
    this.#implicit = this.client && createImplicitSignIn(options, this.client, this.#api);
    if (!this.#backend === !this.#implicit) throw new InvalidOptionsError("Pass backend or client.");
  }

  /** For subclasses: called once by `createBitbucketClient()`. */
  init(): this {
    return this;
  }

  /** Checks `client` and completes it. Throws `InvalidOptionsError`. */
  validateClientConfig(client: ClientConfig): ValidClientConfig {
    return readClientConfig(client);
  }

  /** A state that cannot be guessed: `length` characters of 5 random bits each. */
  generateState(length = 43): string {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
  }

  /** Leaves the page to sign in. A backend comes back to this very page, or to `returnTo`, a path of this origin. */
  authorize(options?: { readonly returnTo?: string | undefined }): this {
    this.log("authorize");
    const location = locationOf(this.#options);
    const { pathname, search, hash } = new URL(location.href);
    location.assign(
      this.#backend
        ? `${this.#backend.login}?returnTo=${encodeURIComponent(options?.returnTo ?? pathname + search + hash)}`
        : (this.#implicit?.start(this.generateState()) ?? ""),
    );
    return this;
  }

  /**
   * Finishes an implicit sign-in, if the page was called back: `true` then. Call it first of all when the page has loaded.
   *
   * The parameters are removed from the address bar before they are read. Throws after the hook was called:
   * `StateMismatchError`, `AuthorizationDeniedError`, or another with a `code`. With a backend there is nothing to do.
   */
  processCallback(): boolean {
    try {
      const callbackData = this.#implicit?.finish();
      if (!callbackData) return false;
      this.callbackData = callbackData;
    } catch (error) {
      this.callbackData = null;
      if (error instanceof StateMismatchError) this.onStateMismatch(error);
      else this.onFailure({ error });
      throw error;
    }
    this.onStateMatch(this.callbackData);
    return true;
  }

  /**
   * Calls the API as the signed-in user; resolves with the content of the response, JSON already parsed.
   *
   * Rejects after `onFailure()` was called: on `SignedOutError` call `authorize()`; on `ForeignOriginError` nothing was sent,
   * because the address is not the API's.
   */
  async fetchResource(options: ResourceOptions): Promise<unknown> {
    let data: unknown;
    try {
      const request = this.buildRequestObj({ ...options });
      this.log("fetchResource", request.method);
      data = await this.#send(request);
    } catch (error) {
      this.onFailure({ ...options, error });
      throw error;
    }
    this.onSuccess({ ...options, data });
    return data;
  }

  /** Forgets the sign-in: at the backend by a `POST`, in every browser; of an implicit one, the token in this page. */
  async signOut(): Promise<void> {
    this.log("signOut");
    this.callbackData = null;
    this.#implicit?.forget();
    if (this.#backend) await this.#send(requestObject(this.#backend.logout, { method: "POST" }, false));
  }

  /** Builds the request of a call. It carries no token yet, and is checked once more before one is added. */
  buildRequestObj({ resourceUrl, ...options }: ResourceOptions): RequestObject {
    const target = apiAddress(resourceUrl, this.#api);
    return this.#backend
      ? requestObject(this.#backend.proxy + target.pathname + target.search, options, false)
      : requestObject(target.href, options, true);
  }

  /** Sends a request and resolves with the content of the response. The request may hold a token: log neither. */
  async makeAjaxRequest(request: RequestObject): Promise<unknown> {
    const { $, ajax = $?.ajax.bind($), fetch = globalThis.fetch, clock = systemClock } = this.#options;
    if (ajax) return resultOfAjax(ajax(request));
    const { url, data, signal, ...rest } = request;
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? 30_000);
    // A redirect could take the token to another origin, and a page cannot see where it leads before it follows.
    const rules: RequestInit = this.#implicit
      ? { credentials: "omit", redirect: "manual" }
      : { mode: "same-origin" };
    const response = await fetch(url, {
      ...rest,
      ...rules,
      body: data ?? null,
      signal: AbortSignal.any([limit, signal ?? limit]),
    });
    return readResponse(response, clock.now());
  }

  /** Called after an implicit sign-in: the state came back as it was sent, and the token is there. */
  onStateMatch(_callbackData: CallbackData): void {
    this.log("onStateMatch");
  }

  /** Called for a callback that belongs to no sign-in of this page. Nothing in it was used. */
  onStateMismatch(_error: Error): void {
    this.log("onStateMismatch");
  }

  /** Called when `fetchResource()` has a response. */
  onSuccess(_success: ResourceSuccess): void {
    this.log("onSuccess");
  }

  /** Called when a sign-in or a `fetchResource()` failed; `error` is what it throws. */
  onFailure({ error }: ResourceFailure): void {
    this.log("onFailure", error instanceof BitbucketAuthError && error.code);
  }

  /** With `logging: true`, logs to the console or the `logger`. */
  log(...messages: unknown[]): void {
    if (this.logging) (this.#options.logger ?? console).log("bitbucket-auth:", ...messages);
  }

  async #send(request: RequestObject): Promise<unknown> {
    try {
      return await this.makeAjaxRequest(this.#implicit?.seal(request) ?? request);
    } catch (error) {
      if (request.signal?.aborted) throw error;
      const failure = error instanceof BitbucketAuthError ? error : apiFailure(statusOf(error));
      if (failure.status === 401) this.#implicit?.forget();
      throw failure;
    }
  }
}

/** Creates a client and calls its `init()`. Throws `InvalidOptionsError` for an unknown option. */
export function createBitbucketClient(options: BitbucketClientOptions): BitBucketClient {
  assertOptionNames(options);
  return new BitBucketClient(options).init();
}
