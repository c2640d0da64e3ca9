import { expect, it } from "vitest";
import { expireTogether } from "../scale/expire-together.ts";
import { signedInAccounts } from "../scale/signed-in-accounts.ts";

it("sends 10 token requests a second at the most for 1,000 grants that run out in the same second", async () => {
  const together = await expireTogether({ grants: 1_000, withinMs: 1_000, everySeconds: 5 });

  expect(together.busiestSecond).toBeLessThanOrEqual(10);
  expect(together).toMatchObject({ tokenRequests: 1_000, late: 0, deadTokens: 0, reuse: 0 });
});

it("does not make a caller whose token has expired wait for the pace", async () => {
  const { mock, auth, accounts } = await signedInAccounts(100);
  await mock.clock.advance("121m");

  await Promise.all(accounts.map((account) => auth.getAccessToken(account)));

  expect(mock.requests.token("refresh_token")).toHaveLength(100);
  expect(mock.reuseCount).toBe(0);
});
