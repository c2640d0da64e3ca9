import {
  BitbucketAuthError,
  bitbucketCloud,
  InvalidOptionsError,
  StateMismatchError,
  systemClock,
} from "@bitbucket-auth/core";
import { apiAddress } from "./api-address.js";
import { settled, statusOf } from "./ajax.js";
import { apiFailure, readAnswer } from "./api-answer.js";
import { readBackendPaths, type BackendPaths } from "./backend-paths.js";
import type { BitbucketClientOptions } from "./bitbucket-client-options.js";
import type { CallbackData } from "./callback-data.js";
import { readClientConfig, type ClientConfig, type ValidClientConfig } from "./client-config.js";
import { createImplicitSignIn, type ImplicitSignIn } from "./implicit-sign-in.js";
import { locationOf } from "./page.js";
import { requestObject, type RequestObject, type ResourceOptions } from "./resource-request.js";
import { safeUrl } from "./safe-url.js";

/** What `onSuccess()` is told. */
export interface ResourceSuccess extends ResourceOptions {
  readonly data: unknown;
}

/** What `onFailure()` is told; without `resourceUrl` it was the sign-in that failed. */
export interface ResourceFailure extends Partial<ResourceOptions> {
  readonly error: unknown;
}

/**
 * Signs people in with Bitbucket from a page, and calls the API for them. Made to be subclassed: every method may be
 * overridden, and the `on…` ones do nothing but log until they are.
 *
 * With `backend` the server holds the tokens; with `client` the page gets one by the implicit grant (deprecated: see
 * `BitbucketClientOptions`). The rules that keep a token at home are not up for overriding: it is added last, to a request for
 * the API's own origin.
 */
export class BitBucketClient {
  /** The page's own registration, for the implicit grant. */
  readonly client: ValidClientConfig | undefined;
  readonly logging: boolean;
  /** What the last sign-in brought; `null` before one, and always with a backend. */
  callbackData: CallbackData | null = null;
  readonly #options: BitbucketClientOptions;
  readonly #api: URL;
  /** One of the two is there. */
  readonly #backend: BackendPaths | undefined;
  readonly #implicit: ImplicitSignIn | undefined;

  constructor(given: BitbucketClientOptions) {
    const options = (this.#options = { ...given });
    this.logging = options.logging ?? false;
    this.client = options.client && this.validateClientConfig(options.client);
    this.#api = safeUrl(options.apiUrl ?? bitbucketCloud.apiUrl, "apiUrl");
    this.#backend = readBackendPaths(options);
    this.#implicit = this.client && createImplicitSignIn(options, this.client, this.#api);
    if (!this.#backend === !this.#implicit) throw new InvalidOptionsError("Pass `backend` or `client`.");
  }

  /** For subclasses: called once by `createBitbucketClient()`. */
  init(): this {
    return this;
  }

  /** Checks `client` and answers it complete. Throws `InvalidOptionsError`. */
  validateClientConfig(client: ClientConfig): ValidClientConfig {
    return readClientConfig(client);
  }

  /** A state that nobody can guess: `length` characters of 5 random bits each. */
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
   * Before anything looks at it, the answer is gone from the address bar. Throws what the matter is, after the hook was told:
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
   * Calls the API as the person who is signed in; resolves with what it answered, JSON already parsed.
   *
   * Rejects after `onFailure()` was told: with `SignedOutError` call `authorize()`; with
   * `ForeignOriginError` nothing was sent, because the address is not the API's.
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

  /** Spells out a call. What it answers carries no token yet, and is checked once more before one is added. */
  buildRequestObj({ resourceUrl, ...options }: ResourceOptions): RequestObject {
    const target = apiAddress(resourceUrl, this.#api);
    return this.#backend
      ? requestObject(this.#backend.proxy + target.pathname + target.search, options, false)
      : requestObject(target.href, options, true);
  }

  /** Sends a request and resolves with what was answered. The request may hold a token: log neither. */
  async makeAjaxRequest(request: RequestObject): Promise<unknown> {
    const { $, ajax = $?.ajax.bind($), fetch = globalThis.fetch, clock = systemClock } = this.#options;
    if (ajax) return settled(ajax(request));
    const { url, data, signal, ...rest } = request;
    const limit = AbortSignal.timeout(this.#options.timeoutMs ?? 30_000);
    // A redirect could take the token elsewhere, and a page cannot look before it follows.
    const rules: RequestInit = this.#implicit
      ? { credentials: "omit", redirect: "manual" }
      : { mode: "same-origin" };
    const response = await fetch(url, {
      ...rest,
      ...rules,
      body: data ?? null,
      signal: AbortSignal.any([limit, signal ?? limit]),
    });
    return readAnswer(response, clock.now());
  }

  /** The state came back as it was sent, and the token is there. */
  onStateMatch(_callbackData: CallbackData): void {
    this.log("onStateMatch");
  }

  /** The callback belongs to no sign-in of this page. Nothing in it was used. */
  onStateMismatch(_error: Error): void {
    this.log("onStateMismatch");
  }

  /** `fetchResource()` has an answer. */
  onSuccess(_success: ResourceSuccess): void {
    this.log("onSuccess");
  }

  /** A sign-in or a `fetchResource()` failed; `error` is what it throws. */
  onFailure({ error }: ResourceFailure): void {
    this.log("onFailure", error instanceof BitbucketAuthError && error.code);
  }

  /** With `logging: true`, tells the console or the `logger`. */
  log(...messages: unknown[]): void {
    if (this.logging) (this.#options.logger ?? globalThis.console).log("bitbucket-auth:", ...messages);
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

/** Makes a client and lets it `init()`. */
export function createBitbucketClient(options: BitbucketClientOptions): BitBucketClient {
  return new BitBucketClient(options).init();
}
