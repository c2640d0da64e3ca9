import { setTimeout as delay } from "node:timers/promises";
import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import { count, type Table } from "../../results/table.ts";
import { rivalKeepers, rowOfOthers } from "./keepers.ts";
import { titles } from "./titles.ts";

interface Burst {
  readonly requests: number;
  readonly served: number;
  readonly old: number;
}

const expiriesInARow = 5;

/** Many callers in one process, one grant whose access token has run out. */
export async function measureSingleFlight(): Promise<{
  readonly table: Table;
  readonly requestsFor100: ReadonlyMap<ClientName, number>;
}> {
  const columns = [
    "Library",
    "100 callers: token requests",
    "served",
    "1,000 callers: token requests",
    "served",
  ];
  columns.push("given the old token", `expiries survived of ${expiriesInARow}`);
  const rows: string[][] = [];
  const requestsFor100 = new Map<ClientName, number>();
  for (const name of ["bitbucket-auth", ...rivalKeepers] as const) {
    const few = await burst(name, 100);
    const many = await burst(name, 1_000);
    requestsFor100.set(name, few.requests);
    rows.push([
      clientTitles[name],
      ...[few.requests, few.served, many.requests, many.served, many.old].map(count),
      String(await survivedExpiries(name)),
    ]);
  }
  return {
    requestsFor100,
    table: {
      title: titles.singleFlight,
      method:
        "All callers ask for the access token at once. Served means: given a token that Bitbucket's API takes afterwards. The last " +
        "column is another run, in which the token runs out five times in a row.",
      columns,
      rows: [...rows, [...rowOfOthers(columns.length)]],
      reading:
        "One request is right. With more, the refresh token goes out twice, Bitbucket ends the grant, and the token that the first " +
        "caller got dies with it. Surviving the second expiry takes keeping the refresh token that the first one brought.",
    },
  };
}

async function burst(name: ClientName, callers: number): Promise<Burst> {
  const fake = await startFakeBitbucket();
  try {
    return await withWorker(name, async (worker) => {
      await worker.ask({ do: "keep", connection: fake.connection("expired") });
      const { fresh, stale } = await worker.ask({ do: "call", callers });
      return { requests: fake.tokenRequests(), served: await fake.countWorking(fresh), old: stale };
    });
  } finally {
    await fake.close();
  }
}

async function survivedExpiries(name: ClientName): Promise<number> {
  const fake = await startFakeBitbucket({ accessTokenLifeMs: 1_000 });
  try {
    return await withWorker(name, async (worker) => {
      await worker.ask({ do: "keep", connection: fake.connection("expired") });
      for (let survived = 0; survived < expiriesInARow; survived++) {
        const { fresh } = await worker.ask({ do: "call", callers: 1 });
        if ((await fake.countWorking(fresh)) !== 1) return survived;
        await delay(1_100);
      }
      return expiriesInARow;
    });
  } finally {
    await fake.close();
  }
}
