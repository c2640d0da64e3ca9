/** Where Bitbucket is. Override for a fake or another server; every URL must be `https:`, or `http:` to a loopback host. */
export interface Endpoints {
  /** Where a person is sent to consent. */
  readonly authorizationUrl: string;
  /** Where codes and refresh tokens are exchanged. */
  readonly tokenUrl: string;
  /** The API's origin, without a path. */
  readonly apiUrl: string;
}

/**
 * Bitbucket Cloud.
 * @see https://developer.atlassian.com/cloud/bitbucket/oauth-2/
 */
export const bitbucketCloud: Endpoints = {
  authorizationUrl: "https://bitbucket.org/site/oauth2/authorize",
  tokenUrl: "https://bitbucket.org/site/oauth2/access_token",
  apiUrl: "https://api.bitbucket.org",
};
