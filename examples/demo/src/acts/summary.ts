import { asTold } from "../as-told.ts";
import type { Stage } from "../stage.ts";

/** What the acts counted. */
export interface Tally {
  readonly served: number;
  readonly told: number;
}

/** Adds up, from Bitbucket's own log, what all of it took. */
export async function summary({ bitbucket, timeline }: Stage, { served, told }: Tally): Promise<void> {
  const signIns = await bitbucket.requests.token("authorization_code");
  const refreshes = await bitbucket.requests.count("token:refresh_token");
  const calls = await bitbucket.requests.count("api");
  const grants = await Promise.all(signIns.map(({ grantId = "" }) => bitbucket.grant(grantId).look()));
  const revoked = 1;
  const lost = grants.filter(({ live }) => !live).length - revoked;
  asTold("Grants lost", lost, 0);
  asTold("Refresh tokens used up twice", await bitbucket.reuseCount(), 0);
  asTold("Requests Bitbucket has to complain of", (await bitbucket.violations()).length, 0);

  const count = (number: number): string => number.toLocaleString("en");
  timeline.table([
    ["callers served", count(served)],
    ["callers told to sign in", count(told)],
    [
      "token requests sent",
      `${signIns.length + refreshes} (${signIns.length} sign-ins, ${refreshes} refreshes)`,
    ],
    ["API requests sent", count(calls)],
    ["grants lost", `${lost} (${revoked} was revoked on purpose)`],
  ]);
}
