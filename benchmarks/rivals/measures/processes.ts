import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { startWorker } from "../start-worker.ts";
import { absent, count, type Table } from "../../results/table.ts";
import { rivalKeepers, rowOfOthers } from "./keepers.ts";
import { hasRedis, withSharedPlace } from "./shared-places.ts";
import { titles } from "./titles.ts";

const processes = 8;
const callersEach = 20;

/** Several processes of one program, many callers in each, one grant that has run out. */
export async function measureProcesses(): Promise<{
  readonly table: Table;
  readonly served: ReadonlyMap<ClientName, number>;
}> {
  const columns = ["Library", "Token requests", `Given a new token, of ${processes * callersEach}`];
  columns.push("one that works afterwards", "Grant afterwards");
  const rows: string[][] = [];
  const served = new Map<ClientName, number>();
  for (const name of ["bitbucket-auth-file", "bitbucket-auth-redis", ...rivalKeepers] as const) {
    if (name === "bitbucket-auth-redis" && !hasRedis) {
      rows.push([clientTitles[name], absent, absent, absent, "no redis-server on this machine"]);
      continue;
    }
    const outcome = await storm(name);
    served.set(name, outcome.served);
    rows.push([
      clientTitles[name],
      ...[outcome.requests, outcome.given, outcome.served].map(count),
      outcome.alive ? "alive" : "dead",
    ]);
  }
  return {
    served,
    table: {
      title: titles.processes,
      method:
        "Every process loads the tokens, then all callers ask at once. Rivals share a JSON file through the callbacks they have for " +
        "that; ours use their storages.",
      columns,
      rows: [...rows, [...rowOfOthers(columns.length)]],
      reading:
        "Sharing one refresh in a process is not enough: every further process sends the same refresh token, and that ends the grant " +
        "for all of them.",
    },
  };
}

async function storm(name: ClientName): Promise<{
  readonly requests: number;
  readonly given: number;
  readonly served: number;
  readonly alive: boolean;
}> {
  const fake = await startFakeBitbucket();
  const workers = await Promise.all(Array.from({ length: processes }, () => startWorker(name)));
  try {
    return await withSharedPlace(name, fake.connection("expired"), async (place) => {
      const connection = fake.connection("expired", place);
      await Promise.all(workers.map((worker) => worker.ask({ do: "keep", connection })));
      const answers = await Promise.all(
        workers.map((worker) => worker.ask({ do: "call", callers: callersEach })),
      );
      const given = answers.flatMap(({ fresh }) => fresh);
      return {
        requests: fake.tokenRequests(),
        given: given.length,
        served: await fake.countWorking(given),
        alive: fake.isAlive(),
      };
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await fake.close();
  }
}
