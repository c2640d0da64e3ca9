import process from "node:process";
import { createBitbucketAuth, createMemoryStorage, type BitbucketAuth } from "@bitbucket-auth/core";

/** What a process with so many signed-in accounts holds and how long a call takes it. */
export interface AccountsProbe {
  readonly accounts: number;
  /** Heap while every account was asked for within the last minute, tokens included. */
  readonly activeHeapBytes: number;
  /** The characters of the tokens that memory then holds. */
  readonly tokenBytes: number;
  /** What the memory storage keeps, outside the heap. */
  readonly storedBytes: number;
  /** Heap when only the storage is left. */
  readonly storageHeapBytes: number;
  /** A call that is served from memory, accounts in random order. */
  readonly cachedNs: number;
  /** The same of a `Map` of promises. */
  readonly mapNs: number;
  /** A call that looks into the storage. */
  readonly readNs: number;
}

// A process of its own, started with --expose-gc, for the number of accounts in its argument.
const accountCount = Number(process.argv[2]);
const tokenLength = 2_600;
const minuteMs = 60_000;
const turns = 9;
const callsPerTurn = 100_000;

let now = Date.UTC(2026, 10, 2);
const clock = { now: () => now };
const settledHeap = (): number => {
  for (let round = 0; round < 4; round++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const accounts = Array.from({ length: accountCount }, (_, index) => `account-${index}-`);
const order = Array.from(
  { length: callsPerTurn },
  (_, index) => accounts[(index * 7_919) % accountCount] ?? "",
);
const before = settledHeap();
const storedBefore = process.memoryUsage().arrayBuffers;
const storage = createMemoryStorage({ clock });
let auth: BitbucketAuth | undefined = createBitbucketAuth({
  clientId: "consumer",
  clientSecret: "secret",
  storage,
  clock,
  logging: false,
  fetch: () => Promise.reject(new Error("Nothing is sent here.")),
});
for (const account of accounts) {
  await auth.saveTokens(account, {
    accessToken: account.padEnd(tokenLength, "a"),
    refreshToken: account.padEnd(tokenLength, "r"),
    expiresAt: now + 120 * minuteMs,
    tokenType: "bearer",
  });
}

/** Nanoseconds of processor time of one call: less at the mercy of whatever else the machine does than the clock is. */
async function turn(ask: (account: string) => Promise<unknown>, calls: readonly string[]): Promise<number> {
  const startedAt = process.cpuUsage();
  for (const account of calls) await ask(account);
  const { user, system } = process.cpuUsage(startedAt);
  return ((user + system) * 1_000) / calls.length;
}

// What was read from the storage is what a program holds that did not sign these accounts in itself.
now += 2 * minuteMs;
for (const account of accounts) await auth.getAccessToken(account);
const activeHeapBytes = settledHeap() - before;
const storedBytes = process.memoryUsage().arrayBuffers - storedBefore;
const getAccessToken = (account: string): Promise<string> =>
  auth?.getAccessToken(account) ?? Promise.reject(new Error("closed"));
const bare = new Map(accounts.map((account) => [account, Promise.resolve(account)]));
const lookUp = (account: string): Promise<string> => bare.get(account) ?? Promise.reject(new Error("none"));
let [cachedNs, mapNs, readNs] = [
  Number.POSITIVE_INFINITY,
  Number.POSITIVE_INFINITY,
  Number.POSITIVE_INFINITY,
];
for (let round = 0; round < turns; round++) {
  cachedNs = Math.min(cachedNs, await turn(getAccessToken, order));
  mapNs = Math.min(mapNs, await turn(lookUp, order));
}
for (let round = 0; round < turns; round++) {
  now += 2 * minuteMs;
  readNs = Math.min(readNs, await turn(getAccessToken, accounts.slice(0, 1_000)));
}
bare.clear();
await auth.close();
auth = undefined;
const storageHeapBytes = settledHeap() - before;
await storage.close();
process.send?.({
  accounts: accountCount,
  activeHeapBytes,
  tokenBytes: 2 * tokenLength * accountCount,
  storedBytes,
  storageHeapBytes,
  cachedNs,
  mapNs,
  readNs,
} satisfies AccountsProbe);
process.exit();
