import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { count, type Table } from "../results/table.ts";
import type { AccountsProbe } from "./accounts-probe.ts";
import { scaleTitles } from "./titles.ts";

const sizes = [1_000, 10_000, 100_000];

/** What signed-in accounts cost a process in memory and time, each number of them in a process of its own. */
export async function measureManyAccounts(): Promise<Table> {
  const probes: AccountsProbe[] = [];
  for (const size of sizes) probes.push(await probe(size));
  return {
    title: scaleTitles.accounts,
    method:
      "Memory storage, tokens of 2,600 characters, every account asked for within the last minute. The heap holds the characters of " +
      "their tokens, what the memory storage needs beside its bytes (what is left when there is nothing else), and what core " +
      "remembers of them. Times are the processor's: accounts in random order, the best of nine turns, taken in turn with a bare `Map` of promises.",
    columns: [
      "Accounts",
      "Heap, MB",
      "of it tokens",
      "the storage's",
      "core's",
      "core's bytes for each",
      "Storage outside the heap, MB",
      "Cached call, ns",
      "bare `Map`, ns",
      "Call that reads the storage, µs",
    ],
    rows: probes.map((one) => [
      count(one.accounts),
      megabytes(one.activeHeapBytes),
      megabytes(one.tokenBytes),
      megabytes(one.storageHeapBytes),
      megabytes(coresBytes(one)),
      count(Math.round(coresBytes(one) / one.accounts)),
      megabytes(one.storedBytes),
      count(Math.round(one.cachedNs)),
      count(Math.round(one.mapNs)),
      count(Math.round(one.readNs / 1000)),
    ]),
    reading:
      `A cached call costs ${probes.map((one) => (one.cachedNs / one.mapNs).toFixed(1)).join(", ")} times a look into a bare \`Map\` of as ` +
      "many entries: what grows with their number is the way to memory and the work of the garbage collector, not a search. What no caller " +
      "asks for is forgotten within two minutes; a program with few accounts has no need to, and keeps a thousand.",
  };
}

/** What is neither a token nor the storage's. */
function coresBytes({ activeHeapBytes, tokenBytes, storageHeapBytes }: AccountsProbe): number {
  return activeHeapBytes - tokenBytes - storageHeapBytes;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

async function probe(accounts: number): Promise<AccountsProbe> {
  const program = fileURLToPath(new URL("accounts-probe.ts", import.meta.url));
  const child = fork(program, [String(accounts)], {
    execArgv: ["--no-warnings", "--expose-gc"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error("The process that holds accounts ended.");
  });
  ended.catch(() => undefined);
  const [result] = (await Promise.race([once(child, "message"), ended])) as [AccountsProbe];
  return result;
}
