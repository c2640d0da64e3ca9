/** Error bodies of the API as reports quote them, byte for byte in meaning. */
export const recordedApiErrors = {
  expired: [
    `{"type":"error","error":{"message":"Access token expired. Use your refresh token to obtain a new access token."}}`,
    `{"type":"error","error":{"message":"OAuth2 access token expired. Use your refresh token to obtain a new access token."}}`,
    `{"type":"error","error":{"message":"Access token expired."}}`,
  ],
  invalid: `{"type": "error", "error": {"message": "Token is invalid, expired, or not supported for this endpoint."}}`,
  scope: `{"type": "error", "error": {"message": "Your credentials lack one or more required privilege scopes.", "detail": {"granted": ["account"], "required": ["pullrequest"]}}}`,
  forbidden: `{"type": "error", "error": {"message": "Forbidden"}}`,
  removed: `{"type":"error","error":{"message":"CHANGE-2770 - Functionality has been deprecated","detail":"Please read the changelog entry for more details.","data":{"announcement_url":"https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770"}},"data":{"announcement_url":"https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770"}}`,
  rateLimited: `{"type":"error","error":{"message":"Rate limit for this resource has been exceeded"}}`,
} as const;

/** Error bodies of the token endpoint as reports quote them, byte for byte in meaning. All came with status 400. */
export const recordedTokenErrors = {
  wrongCredentials: `{"error_description": "Invalid OAuth client credentials", "error": "unauthorized_client"}`,
  noCredentials: `{"error_description": "Requests must be authenticated using OAuth client credentials", "error": "unauthorized_client"}`,
  noGrantType: `{"error_description": "Unsupported grant type: None", "error": "invalid_grant"}`,
  noCallback: `{"error_description": "No callback uri defined for the OAuth client.", "error": "invalid_request"}`,
  legacyRefreshToken: `{"error_description": "Invalid refresh_token", "error": "invalid_request"}`,
  badCode: `{"error":"invalid_grant","error_description":"The specified code is not valid."}`,
  publicConsumer: `{"error_description": "Cannot use client_credentials with a consumer marked as \\"public\\". Calls for auto generated consumers should use urn:bitbucket:oauth2:jwt instead.", "error": "invalid_grant"}`,
} as const;
