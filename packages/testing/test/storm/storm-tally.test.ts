import { StorageError, RefreshRejectedError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { readFields } from "../../src/remote/json-fields.ts";
import type { StormClient } from "../../src/storm/storm-client.ts";
import {
  addAnswers,
  noAnswers,
  p99,
  readAnswers,
  type StormAnswers,
  callClients,
  type CallOutcome,
  judgeCalls,
} from "../../src/storm/storm-tally.ts";

const some: StormAnswers = {
  served: 3,
  failed: 1,
  interrupted: 2,
  failures: { storage_failed: 1 },
  servedOf: { alice: 2, bob: 1 },
  reportedLost: ["bob"],
  counts: { refreshed: 1 },
  unhandledRejections: 1,
  durationsMs: [1, 2, 3, 4],
};

describe("addAnswers()", () => {
  it("adds every number, by name where there are names", () => {
    expect(
      addAnswers(some, { ...some, failures: { refresh_contended: 2 }, reportedLost: ["bob", "eve"] }),
    ).toEqual({
      served: 6,
      failed: 2,
      interrupted: 4,
      failures: { storage_failed: 1, refresh_contended: 2 },
      servedOf: { alice: 4, bob: 2 },
      reportedLost: ["bob", "eve"],
      counts: { refreshed: 2 },
      unhandledRejections: 2,
      durationsMs: [1, 2, 3, 4, 1, 2, 3, 4],
    });
  });

  it("changes nothing when there is nothing to add", () => {
    expect(addAnswers(noAnswers, some)).toEqual(some);
  });
});

describe("readAnswers()", () => {
  const read = (value: unknown): StormAnswers => readAnswers(readFields(JSON.parse(JSON.stringify(value))));

  it("reads what crossed from a worker, which knows nothing of being interrupted", () => {
    expect(read(some)).toEqual({ ...some, interrupted: 0 });
  });

  it("refuses what is something else", () => {
    expect(() => read({ ...some, served: "3" })).toThrow(/"served"/);
    expect(() => read({ ...some, failures: { storage_failed: "1" } })).toThrow(/"storage_failed"/);
  });
});

describe("p99()", () => {
  it("is the time that 99 of 100 took no longer than", () => {
    expect(p99(Array.from({ length: 100 }, (_, index) => 100 - index))).toBe(99);
    expect(p99([7])).toBe(7);
    expect(p99([])).toBe(0);
  });
});

const clientThat = (getAccessToken: StormClient["getAccessToken"]): StormClient => ({
  getAccessToken,
  saveTokens: async () => undefined,
  close: async () => undefined,
});

describe("callClients()", () => {
  it("lets all callers of all accounts wait at the same time", async () => {
    let waiting = 0;
    let everybodyIsHere = (): void => undefined;
    const together = new Promise<void>((resolve) => (everybodyIsHere = resolve));
    const client = clientThat(async (account) => {
      if (++waiting === 6) everybodyIsHere();
      await together;
      return `token of ${account}`;
    });
    const outcomes = await callClients(client, ["alice", "bob"], 3);
    expect(outcomes.map((outcome) => "token" in outcome && outcome.token)).toEqual([
      ...Array.from({ length: 3 }, () => "token of alice"),
      ...Array.from({ length: 3 }, () => "token of bob"),
    ]);
  });

  it.each([
    [new StorageError("full"), { code: "storage_failed" }],
    [
      new RefreshRejectedError("gone", { certainty: "probable", reason: "lost_rotation" }),
      { code: "refresh_rejected", reason: "lost_rotation" },
    ],
    [new TypeError("the token is secret"), { code: "TypeError" }],
    ["just a word", { code: "string" }],
  ])("keeps of a failure its code and reason, never its words: %s", async (failure, expected) => {
    const client = clientThat(async () => {
      throw failure;
    });
    const [outcome] = await callClients(client, ["alice"], 1);
    expect(outcome).toEqual({ account: "alice", ms: expect.any(Number), ...expected });
  });
});

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
