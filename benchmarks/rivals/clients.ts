import type { Client } from "./client.ts";
import { resolveRivals } from "./resolve-rivals.ts";

/** The file of each client in `clients/`, and what it is called in the tables. */
export const clientTitles = {
  "bitbucket-auth": "**@bitbucket-auth/core**",
  "bitbucket-auth-file": "**@bitbucket-auth/storage-file**",
  "bitbucket-auth-redis": "**@bitbucket-auth/storage-redis**",
  badgateway: "@badgateway/oauth2-client",
  oauth4webapi: "oauth4webapi",
  "openid-client": "openid-client",
  arctic: "arctic",
  octokit: "@octokit/auth-oauth-user",
  slack: "@slack/oauth",
  google: "google-auth-library",
  "simple-oauth2": "simple-oauth2",
  "client-oauth2": "client-oauth2",
  smithy: "@smithy/core memoize",
} as const;

export type ClientName = keyof typeof clientTitles;

/** Loads a client, with the packages it stands on. Rejects when they are not installed. */
export async function createClient(name: ClientName): Promise<Client> {
  resolveRivals();
  const { client } = (await import(`./clients/${name}.ts`)) as { readonly client: Client };
  return client;
}
