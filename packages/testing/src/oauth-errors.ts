import { htmlAnswer, jsonAnswer, type Answer } from "./answer.js";
import type { Ruling, RulingFacts } from "./ruling.js";

/** An error body of the token endpoint (RFC 6749 section 5.2), description first as Bitbucket writes it. */
export interface OAuthErrorBody {
  readonly error_description: string;
  readonly error: string;
}

/** The refusals that have words of their own. */
export type OAuthErrorName =
  | "wrongCredentials"
  | "noCredentials"
  | "noGrantType"
  | "noCallback"
  | "legacyDeadRefreshToken"
  | "badCode"
  | "publicConsumer";

/** The errors of the token endpoint in Bitbucket's own words: what tests compare with, too. */
export const oauthErrors: Readonly<Record<OAuthErrorName, OAuthErrorBody>> = {
  wrongCredentials: oauthError("unauthorized_client", "Invalid OAuth client credentials"),
  noCredentials: oauthError(
    "unauthorized_client",
    "Requests must be authenticated using OAuth client credentials",
  ),
  noGrantType: oauthError("invalid_grant", "Unsupported grant type: None"),
  noCallback: oauthError("invalid_request", "No callback uri defined for the OAuth client."),
  legacyDeadRefreshToken: oauthError("invalid_request", "Invalid refresh_token"),
  badCode: oauthError("invalid_grant", "The specified code is not valid."),
  publicConsumer: oauthError(
    "invalid_grant",
    'Cannot use client_credentials with a consumer marked as "public". ' +
      "Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.",
  ),
};

export function oauthError(error: string, description: string): OAuthErrorBody {
  return { error_description: description, error };
}

export function unsupportedGrantType(grantType: string): OAuthErrorBody {
  return oauthError("invalid_grant", `Unsupported grant type: ${grantType}`);
}

/** Bitbucket answers every error of this endpoint with 400. */
export function oauthErrorAnswer(body: OAuthErrorBody): Answer {
  return jsonAnswer(400, body);
}

export function refusal(body: OAuthErrorBody, facts: RulingFacts = {}, violation?: string): Ruling {
  return {
    answer: oauthErrorAnswer(body),
    facts: { ...facts, error: body.error },
    ...(violation !== undefined && { violation }),
  };
}

/** What a scheme other than Basic meets. */
export function openIdPage(): Answer {
  return htmlAnswer(
    400,
    "<!doctype html><html><head><title>Bitbucket</title></head><body><h1>OpenID transaction in progress</h1></body></html>",
  );
}
