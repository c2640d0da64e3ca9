import { bitbucketCloud, systemClock } from "@bitbucket-auth/core";
import { apiAddress } from "./api-address.js";
import type { BitbucketClientOptions } from "./bitbucket-client-options.js";
import type { CallbackData } from "./callback-data.js";
import type { ValidClientConfig } from "./client-config.js";
import { finishLogin } from "./finish-login.js";
import { createKeptToken } from "./kept-token.js";
import { createLoginState } from "./login-state.js";
import { nobodySignedIn } from "./nobody-signed-in.js";
import type { RequestObject } from "./resource-request.js";
import { safeUrl } from "./safe-url.js";
import { storageSlot } from "./storage-slot.js";

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
      if (!tokens || tokens.expiresAt <= clock.now()) throw nobodySignedIn();
      // A subclass may have spelled the request: what is sent is what was checked.
      const url = apiAddress(request.url, api).href;
      const authorization = `Bearer ${tokens.access_token}`;
      return { ...request, url, headers: { ...request.headers, authorization } };
    },
    forget: () => token.set(),
  };
}
