import { assertNames } from "../names.js";
import type { Clock, PlainTokens } from "@bitbucket-auth/core";
import type { MockUrls } from "../operation.js";
import type { Consumer } from "../seed.js";
import { findConsumer, findUser, type ConsumerRef, type UserRef, type MockContext } from "../state.js";
import { decideConsent, readAuthorizeRequest } from "./authorize.js";
import { signConnectJwt } from "./token.js";
import { currentTokens, openGrant } from "./grants.js";

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

/** A consent that was given without a visit to a page. */
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
  readonly consumer?: ConsumerRef | undefined;
  readonly user?: UserRef | undefined;
  /** What is granted, when not the consumer's scopes. */
  readonly scope?: readonly string[] | undefined;
  /** Tokens that are written down elsewhere. Absent: new ones, as long as Bitbucket's. */
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
}

/** Who signs in, and by which request. */
export interface AuthorizeOptions {
  readonly consumer?: ConsumerRef | undefined;
  readonly user?: UserRef | undefined;
  /** The authorize address as the app built it: its `state`, `redirect_uri` and `code_challenge` count. */
  readonly url?: string | URL | undefined;
  readonly state?: string | undefined;
  /** What is granted, when not the consumer's scopes. Only a test can do that: Bitbucket ignores the parameter. */
  readonly scope?: readonly string[] | undefined;
}

/** The answer of the consent page. */
export interface Authorization {
  readonly code: string;
  /** The callback with its parameters: where the browser would go. */
  readonly redirect: URL;
}

/** Signing in without a browser. What is not named is the first consumer and the first user. */
export interface SignIn {
  /** Grants access as the user on the consent page would. Throws what Bitbucket would show as an error page. */
  readonly authorize: (options?: AuthorizeOptions) => Authorization;
  /** Cancels on the consent page. Answers where the browser would go. */
  readonly deny: (options?: AuthorizeOptions) => URL;
  /** A ready pair of tokens, as after a sign-in. */
  readonly issueGrant: (options?: GrantOptions) => Grant;
  /** The JWT with which a consumer, as a Connect app, asks for a token. Good for three minutes. */
  readonly connectJwt: (consumer?: ConsumerRef) => Promise<string>;
}

/** Throws for scopes that are one text, as OAuth sends them: it would be as many scopes as it has letters. */
function assertScope(scope: readonly string[] | undefined): void {
  if (scope !== undefined && !Array.isArray(scope))
    throw new TypeError('scope must be a list, such as ["account"].');
}

const authorizeNames = ["consumer", "user", "url", "state", "scope"];
const grantNames = ["consumer", "user", "scope", "accessToken", "refreshToken"];

/** Signs in without a browser. `urls` are read at each call, because a server may start later. */
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
      assertNames(given, "authorize()", authorizeNames);
      assertScope(given.scope);
      const redirect = consent(given, "granted");
      return { code: redirect.searchParams.get("code") ?? "", redirect };
    },
    connectJwt: (consumer) => signConnectJwt(findConsumer(state, consumer), context.clock.now() + 180_000),
    deny(given = {}) {
      assertNames(given, "deny()", authorizeNames);
      assertScope(given.scope);
      return consent(given, "cancelled");
    },
    issueGrant(given = {}) {
      assertNames(given, "issueGrant()", grantNames);
      assertScope(given.scope);
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

/** The query of the authorize address an app would have sent the user to. */
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
