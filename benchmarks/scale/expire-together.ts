import { createBitbucketAuth, createMemoryStorage } from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { frozenClock } from "./frozen-clock.ts";
import { watchLeases } from "./watch-leases.ts";

const second = 1_000;
const lifeMs = 2 * 3_600 * second;

export interface ExpireTogetherOptions {
  readonly grants: number;
  /** How long after the first token the last one runs out. */
  readonly withinMs: number;
  /** Each account has a caller once in so many seconds. */
  readonly everySeconds: number;
}

export interface ExpiredTogether {
  readonly tokenRequests: number;
  /** Token requests in the busiest second, wherever it begins. */
  readonly busiestSecond: number;
  /** Refreshes that came so late that a caller had to wait for them. */
  readonly late: number;
  /** Callers who were handed a token after it had run out. */
  readonly deadTokens: number;
  readonly reuse: number;
}

/**
 * Lets the tokens of many accounts run out together while each of them is asked for again and again, from before the first
 * refresh is due until the last token has run out. Time moves by seconds, and only when no refresh is under way.
 */
export async function expireTogether(options: ExpireTogetherOptions): Promise<ExpiredTogether> {
  const { grants, withinMs, everySeconds } = options;
  const mock = createBitbucketMock({
    clock: frozenClock,
    profile: { base: "strict", accessTokenLength: 40, refreshTokenLength: 40 },
  });
  const { clock } = mock;
  const { storage, idle } = watchLeases(createMemoryStorage({ clock }));
  const sentAt: number[] = [];
  const auth = createBitbucketAuth({
    ...mock.issueGrant().clientOptions,
    storage,
    clock,
    fetch: (...request) => {
      sentAt.push(clock.now());
      return mock.fetch(...request);
    },
    logging: false,
  });

  const firstExpiry = clock.now() + lifeMs;
  const accounts = Array.from({ length: grants }, (_, index) => ({
    account: `account ${index}`,
    expiresAt: firstExpiry + Math.floor((index * withinMs) / grants),
    ...mock.issueGrant(),
  }));
  const expiryOf = new Map(accounts.map(({ account, expiresAt }) => [account, expiresAt]));
  for (const { account, tokens, expiresAt } of accounts)
    await auth.saveTokens(account, { ...tokens, expiresAt });
  let late = 0;
  auth.on("refreshed", ({ account = "" }) => {
    if (clock.now() >= (expiryOf.get(account) ?? 0) - 30 * second) late++;
  });

  let deadTokens = 0;
  await clock.advance("100m");
  for (let tick = 0; clock.now() <= firstExpiry + withinMs; tick++) {
    const now = clock.now();
    const asked = accounts.filter((_, index) => index % everySeconds === tick % everySeconds);
    const given = await Promise.all(asked.map(({ account }) => auth.getAccessToken(account)));
    deadTokens += asked.filter(
      ({ tokens, expiresAt }, at) => given[at] === tokens.accessToken && now >= expiresAt,
    ).length;
    await idle();
    await clock.advance(second);
  }
  await auth.close();
  return {
    tokenRequests: sentAt.length,
    busiestSecond: busiestSecond(sentAt),
    late,
    deadTokens,
    reuse: mock.reuseCount,
  };
}

function busiestSecond(sentAt: readonly number[]): number {
  let first = 0;
  let most = 0;
  for (const [last, at] of sentAt.entries()) {
    while (at - (sentAt[first] ?? at) >= second) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
