import { jsonAnswer, textAnswer, type Answer } from "./answer.js";

/** The error bodies of the API in Bitbucket's own words. */
export const apiMessages = {
  /** Three wordings have been seen for the same thing; the fake takes turns. */
  expired: [
    "Access token expired. Use your refresh token to obtain a new access token.",
    "OAuth2 access token expired. Use your refresh token to obtain a new access token.",
    "Access token expired.",
  ],
  invalid: "Token is invalid, expired, or not supported for this endpoint.",
  scope: "Your credentials lack one or more required privilege scopes.",
  forbidden: "Forbidden",
  notFound: "Resource not found",
  notFoundDetail:
    "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/",
  removed: "CHANGE-2770 - Functionality has been deprecated",
  rateLimited: "Rate limit for this resource has been exceeded",
  basic:
    "Login failed due to incorrect login credentials or method.\nFor information on authentication methods, visit:\nhttps://support.atlassian.com/bitbucket-cloud/docs/",
} as const;

const announcement = {
  announcement_url: "https://developer.atlassian.com/cloud/bitbucket/changelog#CHANGE-2770",
} as const;

/** An error in the envelope of the API. `detail` is a string or an object, as it pleases Bitbucket. */
export function apiErrorAnswer(
  status: number,
  message: string,
  detail?: string | object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(
    status,
    { type: "error", error: { message, ...(detail !== undefined && { detail }) } },
    headers,
  );
}

export function notFoundAnswer(): Answer {
  return apiErrorAnswer(404, apiMessages.notFound, apiMessages.notFoundDetail);
}

/** The cross-workspace endpoints that CHANGE-2770 took away. */
export function removedAnswer(): Answer {
  const error = {
    message: apiMessages.removed,
    detail: "Please read the changelog entry for more details.",
    data: announcement,
  };
  return jsonAnswer(410, { type: "error", error, data: announcement });
}

/** What Basic meets, whoever sends it: the fake knows OAuth tokens only. */
export function basicRefusedAnswer(): Answer {
  return textAnswer(401, apiMessages.basic, {
    "www-authenticate": "BitbucketCustom realm=Bitbucket.org HTTP",
  });
}
