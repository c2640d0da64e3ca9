import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import type { Table } from "../../results/table.ts";
import { outcomeOf } from "../tally.ts";
import { rivalKeepers, rowOfOthers } from "./keepers.ts";
import { titles } from "./titles.ts";

const furtherCalls = 20;

/** A grant that the user has withdrawn, in a program that goes on asking. */
export async function measureDeadGrant(): Promise<Table> {
  const columns = [
    "Library",
    "The first call",
    `Token requests of ${furtherCalls} further calls`,
    "What they get",
  ];
  const rows: string[][] = [];
  for (const name of ["bitbucket-auth", ...rivalKeepers] as const)
    rows.push([clientTitles[name], ...(await goOnAsking(name))]);
  return {
    title: titles.deadGrant,
    method: `The user has withdrawn the consent and the access token has run out. One call, then ${furtherCalls} more, one after the other.`,
    columns,
    rows: [...rows, [...rowOfOthers(columns.length)]],
    reading:
      "Bitbucket may answer a dead refresh token by refusing the whole consumer for a while, so each useless request can cost every " +
      "other user.",
  };
}

async function goOnAsking(name: ClientName): Promise<readonly string[]> {
  const fake = await startFakeBitbucket();
  try {
    return await withWorker(name, async (worker) => {
      await worker.ask({ do: "keep", connection: fake.connection("expired") });
      for (const { id } of fake.mock.grants) fake.mock.grant(id).revoke();
      const first = await worker.ask({ do: "call", callers: 1 });
      const before = fake.tokenRequests();
      const outcomes = new Set<string>();
      for (let call = 0; call < furtherCalls; call++)
        outcomes.add(outcomeOf(await worker.ask({ do: "call", callers: 1 })));
      return [outcomeOf(first), String(fake.tokenRequests() - before), [...outcomes].join(", ")];
    });
  } finally {
    await fake.close();
  }
}
