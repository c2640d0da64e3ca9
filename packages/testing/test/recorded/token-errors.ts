/** Error bodies of the token endpoint as people have met them, byte for byte in meaning. All came with status 400. */
export const recordedTokenErrors = {
  wrongCredentials: `{"error_description": "Invalid OAuth client credentials", "error": "unauthorized_client"}`,
  noCredentials: `{"error_description": "Requests must be authenticated using OAuth client credentials", "error": "unauthorized_client"}`,
  noGrantType: `{"error_description": "Unsupported grant type: None", "error": "invalid_grant"}`,
  noCallback: `{"error_description": "No callback uri defined for the OAuth client.", "error": "invalid_request"}`,
  legacyRefreshToken: `{"error_description": "Invalid refresh_token", "error": "invalid_request"}`,
  badCode: `{"error":"invalid_grant","error_description":"The specified code is not valid."}`,
  publicConsumer: `{"error_description": "Cannot use client_credentials with a consumer marked as \\"public\\". Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.", "error": "invalid_grant"}`,
} as const;
