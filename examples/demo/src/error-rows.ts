import type { AnyBitbucketAuthError } from "@bitbucket-auth/core";

/** A typed error as a developer meets it, for the timeline. */
export function errorRows(error: AnyBitbucketAuthError): ReadonlyArray<readonly [string, string]> {
  const { name, code, action, transient, message, oauthError, description } = error;
  return [
    ["name", name],
    ["code", code],
    ["action", action],
    ["transient", String(transient)],
    ["message", message],
    ...(oauthError === undefined
      ? []
      : [["Bitbucket", [oauthError, description].filter(Boolean).join(": ")] as const]),
  ];
}
