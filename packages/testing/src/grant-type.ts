/** The `grant_type` values the token endpoint knows. */
export type GrantType =
  | "authorization_code"
  | "refresh_token"
  | "client_credentials"
  | "password"
  | "urn:bitbucket:oauth2:jwt";
