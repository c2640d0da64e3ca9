/** Something on the registry, exactly this version of it. */
export interface Pinned {
  readonly name: string;
  readonly version: string;
}

/**
 * The clients that are measured beside ours. No other is installed, and none of them is a dependency of the workspace.
 *
 * Changing this list makes the published results out of date: run `npm run bench:rivals` again.
 */
export const rivals: readonly Pinned[] = [
  { name: "@badgateway/oauth2-client", version: "3.3.1" },
  { name: "oauth4webapi", version: "3.8.8" },
  { name: "openid-client", version: "6.8.9" },
  { name: "arctic", version: "3.7.0" },
  { name: "@octokit/auth-oauth-user", version: "6.0.4" },
  { name: "@octokit/oauth-app", version: "8.0.4" },
  { name: "passport-oauth2", version: "1.8.0" },
  { name: "@slack/oauth", version: "4.0.0" },
  { name: "@azure/msal-node", version: "7.2.1" },
  { name: "client-oauth2", version: "4.3.3" },
  { name: "simple-oauth2", version: "5.1.0" },
  { name: "google-auth-library", version: "10.9.1" },
  { name: "@smithy/core", version: "3.41.0" },
];

/** What weighs the bundles. */
export const bundler: Pinned = { name: "esbuild", version: "0.28.2" };
