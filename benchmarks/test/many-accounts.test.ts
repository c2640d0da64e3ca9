import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { expect, it } from "vitest";
import { signedInAccounts } from "../scale/signed-in-accounts.ts";

/** What one call costs, counted over all accounts. */
interface CallCosts {
  readonly reads: number;
  readonly writes: number;
  readonly lists: number;
  /** Looks at the clock: a search through what is remembered would look at every entry. */
  readonly looksAtTheClock: number;
}

async function costsOf(
  accountCount: number,
): Promise<{ readonly read: CallCosts; readonly cached: CallCosts }> {
  let counted = { reads: 0, writes: 0, lists: 0, looksAtTheClock: 0 };
  let now = Date.UTC(2026, 10, 2);
  const clock = {
    now() {
      counted.looksAtTheClock++;
      return now;
    },
  };
  const memory = createMemoryStorage({ clock });
  const storage: TokenStorage = {
    ...memory,
    get(...call) {
      counted.reads++;
      return memory.get(...call);
    },
    compareAndSwap(...call) {
      counted.writes++;
      return memory.compareAndSwap(...call);
    },
    list(...call) {
      counted.lists++;
      return memory.list?.(...call) ?? (async function* () {})();
    },
  };
  const { auth, accounts } = await signedInAccounts(accountCount, { storage, clock });
  const askAll = async (): Promise<CallCosts> => {
    counted = { reads: 0, writes: 0, lists: 0, looksAtTheClock: 0 };
    for (const account of accounts) await auth.getAccessToken(account);
    const { reads, writes, lists, looksAtTheClock } = counted;
    return {
      reads: reads / accountCount,
      writes: writes / accountCount,
      lists,
      looksAtTheClock: looksAtTheClock / accountCount,
    };
  };
  now += 2 * 60_000;
  return { read: await askAll(), cached: await askAll() };
}

it("costs a call as much with 5,000 accounts as with 50, from the storage and from memory", async () => {
  const [few, many] = [await costsOf(50), await costsOf(5_000)];

  expect(few).toMatchObject({
    read: { reads: 1, writes: 0, lists: 0 },
    cached: { reads: 0, writes: 0, lists: 0, looksAtTheClock: 1 },
  });
  expect(many.cached).toEqual(few.cached);
  expect(many.read).toMatchObject({ reads: 1, writes: 0, lists: 0 });
  expect(many.read.looksAtTheClock).toBeLessThanOrEqual(few.read.looksAtTheClock);
});
