import type { ClientName } from "../clients.ts";

/** Every client that sends a refresh when told to. */
export const refreshers = [
  "bitbucket-auth",
  "oauth4webapi",
  "openid-client",
  "arctic",
  "badgateway",
  "octokit",
  "simple-oauth2",
  "client-oauth2",
  "google",
] as const satisfies readonly ClientName[];
