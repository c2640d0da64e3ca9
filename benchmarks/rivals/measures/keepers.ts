import { clientTitles, type ClientName } from "../clients.ts";
import { absent } from "../../results/table.ts";

/** The rivals that keep tokens and refresh them, or whose README says how to. */
export const rivalKeepers: readonly ClientName[] = [
  "badgateway",
  "google",
  "slack",
  "octokit",
  "simple-oauth2",
];

/** The row of every client that leaves keeping tokens to its user. */
export function rowOfOthers(columns: number): readonly string[] {
  const { oauth4webapi, "openid-client": openidClient, arctic, "client-oauth2": clientOauth2 } = clientTitles;
  const others = [oauth4webapi, openidClient, arctic, clientOauth2, "passport-oauth2", "@octokit/oauth-app"];
  return [others.join(", "), ...Array.from({ length: columns - 1 }, () => absent)];
}
