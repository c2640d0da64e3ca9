import { setTimeout as delay } from "node:timers/promises";
import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import type { Table } from "../../results/table.ts";
import { refreshers } from "./refreshers.ts";
import { titles } from "./titles.ts";

/** How long a client is watched. */
export const patienceMs = 35_000;

/** A token endpoint that takes the request and never answers. All clients wait at the same time. */
export async function measureSilentEndpoint(): Promise<{
  readonly table: Table;
  /** Seconds; `undefined` for a client that was still waiting at the end. */
  readonly gaveUpAfter: ReadonlyMap<ClientName, number | undefined>;
}> {
  const names = [...refreshers, "slack"] as const;
  const gaveUpAfter = new Map(
    await Promise.all(names.map(async (name) => [name, await waitFor(name)] as const)),
  );
  return {
    gaveUpAfter,
    table: {
      title: titles.silentEndpoint,
      method: `Seconds until a refresh is given up, with the options left alone. Watched for ${patienceMs / 1000} s.`,
      columns: ["Library", "Given up after"],
      rows: [...gaveUpAfter].map(([name, seconds]) => [
        clientTitles[name],
        seconds === undefined ? `not within ${patienceMs / 1000} s` : `${seconds.toFixed(1)} s`,
      ]),
      reading: "Without an end to the waiting, every caller that shares the refresh hangs with it.",
    },
  };
}

async function waitFor(name: ClientName): Promise<number | undefined> {
  const fake = await startFakeBitbucket();
  try {
    return await withWorker(name, async (worker) => {
      const connection = fake.connection("expired");
      if (name === "slack") await worker.ask({ do: "keep", connection });
      fake.mock.faults.when("token", { hang: true });
      const startedAt = performance.now();
      const asked = worker
        .ask(name === "slack" ? { do: "call", callers: 1 } : { do: "refresh", connection })
        .then(() => (performance.now() - startedAt) / 1000);
      return await Promise.race([asked, delay(patienceMs, undefined)]);
    });
  } finally {
    await fake.close();
  }
}
