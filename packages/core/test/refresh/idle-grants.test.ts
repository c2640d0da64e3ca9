import { describe, expect, it } from "vitest";
import { keepIdleGrants } from "./idle-grants.ts";

describe("keepGrantsAlive()", () => {
  it(
    "loses none of 200 idle grants in 400 days, with no more than 13 refreshes each",
    { timeout: 60_000 },
    async () => {
      const { reports, lost, most } = await keepIdleGrants(200, 400);
      expect(lost).toBe(0);
      expect(most).toBeLessThanOrEqual(13);
      expect(reports.every(({ checked, failed }) => checked === 200 && failed === 0)).toBe(true);
    },
  );
});
