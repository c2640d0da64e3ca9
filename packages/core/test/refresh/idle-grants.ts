import { createBitbucketAuth } from "../../src/create-bitbucket-auth.ts";
import type { KeepAliveReport } from "../../src/maintenance.ts";
import { createMemoryStorage } from "../../src/storage/memory-storage.ts";
import { hour, movableClock } from "../auth-under-test.ts";
import { jsonResponse, tokenBody } from "../fake-fetch.ts";

const day = 24 * hour;

export interface IdleGrants {
  readonly reports: readonly KeepAliveReport[];
  /** Grants that the server would no longer renew at the end. */
  readonly lost: number;
  /** Refreshes of the grant that was refreshed most often. */
  readonly most: number;
}

/**
 * Lets days go by over grants that only a `keepAlive()` uses, every so many days, against a server that forgets a refresh
 * token after 90 days, takes each once and ends the grant when one comes twice.
 */
export async function keepIdleGrants(count: number, days: number, everyDays = 1): Promise<IdleGrants> {
  const clock = movableClock();
  const server = new Map<string, { readonly account: string; readonly issuedAt: number }>();
  const refreshes = new Map<string, number>();
  const isAlive = ({ issuedAt }: { readonly issuedAt: number }): boolean =>
    clock.now() - issuedAt <= 90 * day;
  const auth = createBitbucketAuth({
    clientId: "id",
    clientSecret: "secret",
    clock,
    storage: createMemoryStorage({ clock }),
    random: () => 0,
    logging: false,
    fetch: async (_url, init) => {
      const sent =
        new URLSearchParams(typeof init?.body === "string" ? init.body : "").get("refresh_token") ?? "";
      const grant = server.get(sent);
      server.delete(sent);
      if (!grant || !isAlive(grant)) return jsonResponse({ error: "invalid_grant" }, { status: 400 });
      const n = (refreshes.get(grant.account) ?? 0) + 1;
      refreshes.set(grant.account, n);
      const refreshToken = `refresh-${n}-of-${grant.account}`;
      server.set(refreshToken, { account: grant.account, issuedAt: clock.now() });
      return jsonResponse(tokenBody({ access_token: `access-${n}`, refresh_token: refreshToken }));
    },
  });
  for (let i = 0; i < count; i++) {
    const account = `account-${i}`;
    const refreshToken = `refresh-0-of-${account}`;
    server.set(refreshToken, { account, issuedAt: clock.now() });
    await auth.saveTokens(account, {
      accessToken: "access-0",
      refreshToken,
      expiresAt: clock.now() + 2 * hour,
      tokenType: "bearer",
    });
  }
  const reports: KeepAliveReport[] = [];
  for (let today = everyDays; today <= days; today += everyDays) {
    clock.move(everyDays * day);
    reports.push(await auth.keepAlive());
  }
  const alive = [...server.values()].filter(isAlive).length;
  return { reports, lost: count - alive, most: Math.max(...refreshes.values()) };
}
