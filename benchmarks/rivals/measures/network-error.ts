import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import type { Table } from "../../results/table.ts";
import { outcomeOf } from "../tally.ts";
import { rivalKeepers, rowOfOthers } from "./keepers.ts";
import { titles } from "./titles.ts";

/** A connection that breaks once, in the middle of a refresh. */
export async function measureNetworkError(): Promise<Table> {
  const columns = ["Library", "The caller gets", "The next caller gets", "Token requests"];
  const rows: string[][] = [];
  for (const name of ["bitbucket-auth", ...rivalKeepers] as const)
    rows.push([clientTitles[name], ...(await breakOnce(name))]);
  return {
    title: titles.networkError,
    method:
      "The connection breaks before the request is answered; nothing was redeemed, and everything works again at once.",
    columns,
    rows: [...rows, [...rowOfOthers(columns.length)]],
    reading:
      "A broken connection says nothing about the grant: asking the user to sign in again is the wrong answer, and so is handing out " +
      "the expired token.",
  };
}

async function breakOnce(name: ClientName): Promise<readonly string[]> {
  const fake = await startFakeBitbucket();
  try {
    return await withWorker(name, async (worker) => {
      await worker.ask({ do: "keep", connection: fake.connection("expired") });
      fake.mock.faults.next("token", { network: "reset" });
      const first = outcomeOf(await worker.ask({ do: "call", callers: 1 }));
      const next = outcomeOf(await worker.ask({ do: "call", callers: 1 }));
      return [first, next, String(fake.tokenRequests())];
    });
  } finally {
    await fake.close();
  }
}
