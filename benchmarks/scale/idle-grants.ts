import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { count, type Table } from "../results/table.ts";
import { frozenClock } from "./frozen-clock.ts";
import { scaleTitles } from "./titles.ts";

const grants = 10_000;
const days = 400;

/** Grants that are unused for more than a year, and one `keepAlive()` a day. */
export async function measureIdleGrants(): Promise<Table> {
  const mock = createBitbucketMock({
    clock: frozenClock,
    profile: { base: "strict", accessTokenLength: 40, refreshTokenLength: 40 },
  });
  const { clock } = mock;
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    storage: createMemoryStorage({ clock }),
    clock,
    fetch: mock.fetch,
    logging: false,
  });
  const issued = Array.from({ length: grants }, () => mock.issueGrant());
  for (const [index, { tokens }] of issued.entries()) await auth.saveTokens(`account ${index}`, tokens);
  let failed = 0;
  for (let day = 0; day < days; day++) {
    await clock.advance("1d");
    failed += (await auth.keepAlive()).failed;
  }
  await auth.close();
  const lost = issued.filter((grant) => !mock.grant(grant).live).length;
  const generations = issued.map((grant) => mock.grant(grant).generation - 1);
  return {
    title: scaleTitles.keepAlive,
    method: "In simulated time, memory storage, one walk a day over unused grants.",
    columns: ["Grants", "Days", "Lost", "Failed refreshes", "Refreshes", "most of one grant"],
    rows: [
      [grants, days, lost, failed, mock.requests.token("refresh_token").length, Math.max(...generations)].map(
        count,
      ),
    ],
    reading: "A grant that idles for 90 days is gone; one refresh in eight weeks keeps it.",
  };
}
