import { InvalidOptionsError } from "./errors.js";
import { assertCredential, assertOptions, assertText } from "./environment.js";

/** What Git sends over HTTPS. Logging it, or making JSON of it, shows no password. */
export interface GitCredentials {
  readonly username: string;
  readonly password: string;
  /** Until when Bitbucket accepts it, epoch milliseconds, where that was given. */
  readonly expiresAt?: number | undefined;
  /** For logs: no password in it. */
  toString(): string;
}

/** What Git is told besides the token. */
export interface GitCredentialsOptions {
  /**
   * The user name that goes with the kind of token: `x-token-auth` for OAuth and for access tokens of a repository, project or
   * workspace, `x-bitbucket-api-token-auth` for API tokens.
   * @default "x-token-auth"
   */
  readonly username?: string | undefined;
  /** Until when the token works, epoch milliseconds. */
  readonly expiresAt?: number | undefined;
}

/** Node's `util.inspect` looks for this symbol; naming it by hand keeps Node out of core. */
const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/**
 * Turns a token into the user name and password Git wants, good until the token expires.
 *
 * Give them to Git through a credential helper or `GIT_ASKPASS`: in the URL of a remote they end up in `.git/config`, in
 * logs and in the process list. Throws `InvalidOptionsError` for an empty token, and for an email as user name, which
 * Bitbucket answers with 401.
 * @see https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/
 */
export function gitCredentials(token: string, options: GitCredentialsOptions = {}): GitCredentials {
  assertCredential(token, "token");
  assertOptions(options, "gitCredentials()", ["username", "expiresAt"]);
  const { username = "x-token-auth", expiresAt } = options;
  assertText(username, "username");
  if (username.includes("@")) {
    throw new InvalidOptionsError(
      "username must not be an email: Bitbucket answers Git with 401. API tokens go with x-bitbucket-api-token-auth.",
    );
  }
  const summary = `GitCredentials(${username})`;
  const shown = { username, ...(expiresAt !== undefined && { expiresAt }) };
  return Object.defineProperties(
    { ...shown, password: token },
    {
      toJSON: { value: () => shown },
      toString: { value: () => summary },
      [inspectCustom]: { value: () => summary },
    },
  );
}
