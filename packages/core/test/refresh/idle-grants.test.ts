import { keepIdleGrants } from "./idle-grants.ts";
import { describe, expect, it } from "vitest";

describe("keepGrantsAlive()", () => {
  it(
    "loses none of 200 idle grants in 400 days, with no more than 7 refreshes each",
    { timeout: 60_000 },
    async () => {
      const { reports, lost, most } = await keepIdleGrants(200, 400);
      expect(lost).toBe(0);
      expect(most).toBeLessThanOrEqual(7);
      expect(reports.every(({ checked, failed }) => checked === 200 && failed === 0)).toBe(true);
    },
  );

  it("loses none when it is called once a month only", { timeout: 60_000 }, async () => {
    const { lost, most } = await keepIdleGrants(50, 403, 31);
    expect(lost).toBe(0);
    expect(most).toBeLessThanOrEqual(7);
  });
});
