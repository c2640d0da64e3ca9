import type { Clock, PlainTokens } from "@bitbucket-auth/core";
import { decideConsent, readAuthorizeRequest } from "./authorize-endpoint.js";
import { signConnectJwt } from "./connect-jwt.js";
import { currentTokens } from "./grant-control.js";
import { openGrant } from "./grant-state.js";
import { findConsumer, findUser, type ConsumerRef, type UserRef } from "./lookup.js";
import type { MockContext } from "./mock-context.js";
import type { Consumer } from "./seed.js";
import type { MockUrls } from "./served-origins.js";

/** What a client needs to know of a consumer and of the fake. Fits `createBitbucketAuth()`. */
export interface ClientOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly endpoints: {
    readonly authorizationUrl: string;
    readonly tokenUrl: string;
    readonly apiUrl: string;
  };
}

/** A consent that was given without anybody visiting a page. */
export interface Grant {
  readonly id: string;
  readonly username: string;
  /** Fits core's `saveTokens()`. */
  readonly tokens: PlainTokens;
  /** With a clock that goes with the fake's, and past the token's time at `expireAccessToken()`. Over HTTP it has none. */
  readonly clientOptions: ClientOptions & { readonly clock?: Clock };
}

/** Whose grant it is, and what it allows. */
export interface GrantOptions {
  readonly consumer?: ConsumerRef;
  readonly user?: UserRef;
  /** What is granted, when not the consumer's scopes. */
  readonly scope?: readonly string[];
  /** Tokens that are written down elsewhere. Absent: new ones, as long as Bitbucket's. */
  readonly accessToken?: string;
  readonly refreshToken?: string;
}

/** Who signs in, and by which request. */
export interface AuthorizeOptions {
  readonly consumer?: ConsumerRef;
  readonly user?: UserRef;
  /** The authorize address as the app built it: its `state`, `redirect_uri` and `code_challenge` count. */
  readonly url?: string | URL;
  readonly state?: string;
  /** What is granted, when not the consumer's scopes. Only a test can do that: Bitbucket ignores the parameter. */
  readonly scope?: readonly string[];
}

/** The answer of the consent page. */
export interface Authorization {
  readonly code: string;
  /** The callback with its parameters: where the browser would go. */
  readonly redirect: URL;
}

/** Signing in without a browser. What is not named is the first consumer and the first user. */
export interface SignIn {
  /** Grants access as the person on the consent page would. Throws what Bitbucket would show as an error page. */
  readonly authorize: (options?: AuthorizeOptions) => Authorization;
  /** Cancels on the consent page. Answers where the browser would go. */
  readonly deny: (options?: AuthorizeOptions) => URL;
  /** A ready pair of tokens, as after a sign-in. */
  readonly issueGrant: (options?: GrantOptions) => Grant;
  /** The JWT with which a consumer, as a Connect app, asks for a token. Good for three minutes. */
  readonly connectJwt: (consumer?: ConsumerRef) => Promise<string>;
}

export function createSignIn(context: MockContext, urls: () => MockUrls): SignIn {
  const { state } = context;
  const consent = (given: AuthorizeOptions, decision: "granted" | "cancelled"): URL => {
    const read = readAuthorizeRequest(context, authorizeQuery(context, given));
    if ("refused" in read)
      throw new Error(`Bitbucket refuses this authorize request: ${read.refused.violation ?? ""}`);
    const grantedBy = findUser(state, given.user);
    const { authorize } = read;
    return decideConsent(
      context,
      { ...authorize, scopes: given.scope ?? authorize.scopes },
      decision === "granted" ? { grantedBy } : "cancelled",
    );
  };
  return {
    authorize(given = {}) {
      const redirect = consent(given, "granted");
      return { code: redirect.searchParams.get("code") ?? "", redirect };
    },
    connectJwt: (consumer) => signConnectJwt(findConsumer(state, consumer), context.clock.now() + 180_000),
    deny: (given = {}) => consent(given, "cancelled"),
    issueGrant(given = {}) {
      const consumer = findConsumer(state, given.consumer);
      const { username } = findUser(state, given.user);
      const { clientId, scopes } = consumer;
      const { grant } = openGrant(context, {
        clientId,
        username,
        scopes: given.scope ?? scopes,
        refreshable: true,
        planted: { accessToken: given.accessToken, refreshToken: given.refreshToken },
      });
      return {
        id: grant.id,
        username,
        tokens: currentTokens(context, grant),
        get clientOptions() {
          const clock = { now: (): number => context.clock.now() + grant.clientAheadMs };
          return { ...clientOptions(consumer, urls()), clock };
        },
      };
    },
  };
}

function clientOptions(
  { clientId, clientSecret }: Consumer,
  { authorize, token, api }: MockUrls,
): ClientOptions {
  return { clientId, clientSecret, endpoints: { authorizationUrl: authorize, tokenUrl: token, apiUrl: api } };
}

/** The query of the authorize address an app would have sent the person to. */
function authorizeQuery(
  { state }: MockContext,
  { consumer, url, state: sent }: AuthorizeOptions,
): URLSearchParams {
  if (url !== undefined) return new URL(url).searchParams;
  const { clientId } = findConsumer(state, consumer);
  return new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    ...(sent !== undefined && { state: sent }),
  });
}
