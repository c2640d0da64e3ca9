import { expect, it } from "vitest";
import { expireTogether } from "../scale/expire-together.ts";

it("sends 10 token requests a second at the most for 10,000 grants that run out in the same minute", async () => {
  const together = await expireTogether({ grants: 10_000, withinMs: 60_000, everySeconds: 10 });

  expect(together.busiestSecond).toBeLessThanOrEqual(10);
  expect(together).toMatchObject({ tokenRequests: 10_000, late: 0, deadTokens: 0, reuse: 0 });
});
