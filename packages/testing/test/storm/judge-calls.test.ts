import { describe, expect, it } from "vitest";
import type { CallOutcome } from "../../src/storm/call-clients.ts";
import { judgeCalls } from "../../src/storm/judge-calls.ts";

const outcomes: readonly CallOutcome[] = [
  { account: "alice", ms: 1, token: "good" },
  { account: "alice", ms: 2, token: "good" },
  { account: "alice", ms: 3, token: "dead" },
  { account: "bob", ms: 4, code: "refresh_rejected", reason: "lost_rotation" },
  { account: "bob", ms: 5, code: "storage_failed" },
];

describe("judgeCalls()", () => {
  it("takes only a token that works for being served, and names every other end", async () => {
    expect(await judgeCalls(outcomes, async (token) => token === "good")).toMatchObject({
      served: 2,
      failed: 3,
      failures: { token_refused_by_api: 1, "refresh_rejected/lost_rotation": 1, storage_failed: 1 },
      servedOf: { alice: 2 },
      reportedLost: ["bob"],
      durationsMs: [1, 2, 3, 4, 5],
    });
  });

  it("asks about each token once", async () => {
    const asked: string[] = [];
    await judgeCalls(outcomes, async (token) => asked.push(token) > 0);
    expect(asked).toEqual(["good", "dead"]);
  });
});
