import { assertText } from "./assert-options.js";
/** What Git sends over HTTPS. */
export interface GitCredentials {
  readonly username: "x-token-auth";
  readonly password: string;
  /** For logs: no password in it. */
  toString(): string;
}

/** Node's `util.inspect` looks for this symbol; naming it by hand keeps Node out of core. */
const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/**
 * Turns an access token into the user name and password Git wants, good until the token expires.
 *
 * Give them to Git through a credential helper or `GIT_ASKPASS`: in the URL of a remote they end up in `.git/config`, in
 * logs and in the process list. Logging them or `JSON.stringify` shows the user name alone.
 * @see https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/
 */
export function gitCredentials(accessToken: string): GitCredentials {
  assertText(accessToken, "accessToken");
  const username = "x-token-auth";
  const summary = `GitCredentials(${username})`;
  return Object.defineProperties(
    { username, password: accessToken },
    {
      toJSON: { value: () => ({ username }) },
      toString: { value: () => summary },
      [inspectCustom]: { value: () => summary },
    },
  );
}
