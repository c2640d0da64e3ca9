import { StorageError, RefreshRejectedError } from "@bitbucket-auth/core";
import { describe, expect, it } from "vitest";
import { callClients } from "../../src/storm/call-clients.ts";
import type { StormClient } from "../../src/storm/storm-client.ts";

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
