import { keepIdleGrants } from "./idle-grants.ts";
import { expect, it } from "vitest";

it(
  "loses none of 10,000 idle grants in 400 days, with no more than 7 refreshes each",
  { timeout: 600_000 },
  async () => {
    const { lost, most } = await keepIdleGrants(10_000, 400);
    expect(lost).toBe(0);
    expect(most).toBeLessThanOrEqual(7);
  },
);
