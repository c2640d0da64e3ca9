import { count, type Table } from "../results/table.ts";
import { expireTogether } from "./expire-together.ts";
import { scaleTitles } from "./titles.ts";

const runs = [
  { grants: 1_000, withinMs: 1_000, everySeconds: 5 },
  { grants: 10_000, withinMs: 60_000, everySeconds: 10 },
];

/** How many token requests reach Bitbucket in a second when grants run out together. */
export async function measureExpiringGrants(): Promise<Table> {
  const rows: string[][] = [];
  for (const run of runs) {
    const outcome = await expireTogether(run);
    rows.push([
      count(run.grants),
      run.withinMs === 1_000 ? "one second" : "one minute",
      count(outcome.tokenRequests),
      count(outcome.busiestSecond),
      count(outcome.late),
      count(outcome.deadTokens),
    ]);
  }
  return {
    title: scaleTitles.expireTogether,
    method: "In simulated time, one process, each account asked for every few seconds.",
    columns: [
      "Grants",
      "Run out within",
      "Token requests",
      "in the busiest second",
      "Callers who waited",
      "Callers with an expired token",
    ],
    rows,
    reading:
      "The cap is 10 a second for refreshes that no caller waits for. [What it carries](../docs/decisions/0017-ten-refreshes-ahead-a-second.md).",
  };
}
