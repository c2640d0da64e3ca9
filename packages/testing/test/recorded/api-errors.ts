/** Error bodies of the API as people have met them, byte for byte in meaning. */
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
