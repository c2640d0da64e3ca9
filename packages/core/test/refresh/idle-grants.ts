import { createServerClock } from "../../src/refresh/server-clock.ts";
import { keepGrantsAlive, type KeepAliveReport } from "../../src/refresh/keep-alive.ts";
import { refreshPolicy } from "../../src/refresh/refresh-policy.ts";
import { createTokenManager } from "../../src/refresh/token-manager.ts";
import { RefreshRejectedError } from "../../src/errors.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { plaintextCipher } from "../../src/storage/record-encryption.ts";
import { createRecordStore } from "../../src/storage/record-store.ts";
import { storageKey, userKeyPrefix } from "../../src/storage/token-key.ts";
import type { TokenAnswer } from "../../src/token-endpoint/token-answer.ts";
import { activeRecord, createRefreshUnderTest, movableClock } from "./refresh-under-test.ts";

const day = 24 * 3_600_000;
const owner = { site: "bitbucket.org", consumer: "consumer-key" };

export interface IdleGrants {
  readonly reports: readonly KeepAliveReport[];
  /** Grants that the server would no longer renew at the end. */
  readonly lost: number;
  /** Refreshes of the grant that was refreshed most often. */
  readonly most: number;
}

/**
 * Lets days go by over grants that nobody uses but a `keepAlive()` every so many days, against a server that forgets a refresh token after
 * 90 days, takes each once and ends the grant when one comes twice.
 */
export async function keepIdleGrants(count: number, days: number, everyDays = 1): Promise<IdleGrants> {
  const clock = movableClock();
  const server = new Map<string, { account: string; issuedAt: number }>();
  const refreshes = new Map<string, number>();
  const renew = (sent: string): TokenAnswer => {
    const grant = server.get(sent);
    server.delete(sent);
    if (!grant || clock.now() - grant.issuedAt > 90 * day) {
      return { kind: "dead", error: new RefreshRejectedError("gone", { certainty: "certain" }) };
    }
    const n = (refreshes.get(grant.account) ?? 0) + 1;
    refreshes.set(grant.account, n);
    const refreshToken = `refresh of ${grant.account} ${n}`;
    server.set(refreshToken, { account: grant.account, issuedAt: clock.now() });
    return {
      kind: "tokens",
      response: {
        accessToken: `access of ${grant.account} ${n}`,
        refreshToken,
        lifetimeMs: 7_200_000,
        tokenType: "bearer",
        startedAt: clock.now(),
      },
    };
  };
  const storage = createMemoryStorage({ clock });
  const store = createRecordStore(storage, plaintextCipher);
  const manager = createTokenManager({
    ...createRefreshUnderTest().context,
    store,
    clock: createServerClock(clock, () => undefined),
    policy: refreshPolicy({}, () => 0),
    requestTokens: async (form) => renew(form["refresh_token"] ?? ""),
  });
  for (let i = 0; i < count; i++) {
    const account = `account-${i}`;
    const refreshToken = `refresh of ${account} 0`;
    server.set(refreshToken, { account, issuedAt: clock.now() });
    const {
      parentFp: _none,
      issuedAt: _undated,
      ...record
    } = activeRecord({
      accessToken: `access of ${account} 0`,
      refreshToken,
      refreshFp: await store.fingerprint(refreshToken),
      refreshExpiresAt: clock.now() + 90 * day,
    });
    await store.replace(storageKey({ ...owner, account }), null, record);
  }
  const reports: KeepAliveReport[] = [];
  for (let today = everyDays; today <= days; today += everyDays) {
    clock.move(everyDays * day);
    reports.push(await keepGrantsAlive({ storage, manager, prefix: userKeyPrefix(owner) }, {}));
  }
  let alive = 0;
  for (let i = 0; i < count; i++) {
    const stored = await store.read(storageKey({ ...owner, account: `account-${i}` }));
    const grant = server.get(stored?.record.refreshToken ?? "");
    if (grant?.account === `account-${i}` && clock.now() - grant.issuedAt <= 90 * day) alive++;
  }
  return { reports, lost: count - alive, most: Math.max(...refreshes.values()) };
}
