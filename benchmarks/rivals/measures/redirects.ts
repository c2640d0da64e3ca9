import { clientTitles, type ClientName } from "../clients.ts";
import { startFakeBitbucket } from "../fake-bitbucket.ts";
import { withWorker } from "../start-worker.ts";
import type { Table } from "../../results/table.ts";
import { startOtherHost } from "./other-host.ts";
import { refreshers } from "./refreshers.ts";
import { titles } from "./titles.ts";

const statuses = [301, 302, 303, 307, 308] as const;

/** A token endpoint that redirects to another host. */
export async function measureRedirects(): Promise<Table> {
  const rows: string[][] = [];
  for (const name of refreshers) rows.push([clientTitles[name], ...(await follow(name))]);
  return {
    title: titles.redirects,
    method: "The answer to a refresh is a redirect to another host. What arrives there:",
    columns: ["Library", ...statuses.map(String)],
    rows,
    reading:
      "Nothing should arrive: an attacker who can insert a redirect gets the grant, and with the secret the consumer as well.",
  };
}

async function follow(name: ClientName): Promise<string[]> {
  const fake = await startFakeBitbucket();
  const elsewhere = await startOtherHost();
  try {
    return await withWorker(name, async (worker) => {
      const connection = fake.connection("expired");
      const received: string[] = [];
      for (const status of statuses) {
        const fault = fake.mock.faults.when("token", { redirect: status, to: elsewhere.url });
        await worker.ask({ do: "refresh", connection });
        fault.remove();
        received.push(elsewhere.received(connection) ?? "nothing");
      }
      return received;
    });
  } finally {
    await elsewhere.close();
    await fake.close();
  }
}
