import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { clientTitles, type ClientName } from "../clients.ts";
import type { Table } from "../../results/table.ts";
import type { CachedRates } from "./cached-rates.ts";
import { titles } from "./titles.ts";

/** What it costs to ask for a token that is already there. */
export async function measureCachedToken(): Promise<Table> {
  const program = fileURLToPath(new URL("cached-rates.ts", import.meta.url));
  const child = fork(program, { execArgv: ["--no-warnings"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = once(child, "exit").then(() => {
    throw new Error("The process that counts cached tokens ended.");
  });
  ended.catch(() => undefined);
  const [rates] = (await Promise.race([once(child, "message"), ended])) as [CachedRates];
  const own = rates["bitbucket-auth"] ?? Number.NaN;
  const titleOf = (name: string): string =>
    name === "" ? "(a bare `await` of the token)" : clientTitles[name as ClientName];
  return {
    title: titles.cachedToken,
    method:
      "One process, turns taken, processor time, the best of nine rounds of each. Compare within this table only: the machine decides the rest.",
    columns: ["Library", "Million calls/s", "Ours is so many times as fast"],
    rows: Object.entries(rates)
      .toSorted(([, a], [, b]) => b - a)
      .map(([name, rate]) => [
        titleOf(name),
        rate.toFixed(2),
        name === "bitbucket-auth" ? "1" : (own / rate).toFixed(2),
      ]),
    reading:
      "Of those that keep tokens for many accounts in one object only ours and @slack/oauth are here; the others hold one token each.",
  };
}
