import {
  createBitbucketAuth,
  createMemoryStorage,
  refreshTokens,
  type TokenStorage,
} from "@bitbucket-auth/core";
import { createBitbucketMock } from "@bitbucket-auth/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestAtOnce } from "../simulation/digest-at-once.ts";
import { createEventQueue, type EventQueue, type Life } from "../simulation/event-queue.ts";

/** A process that is frozen for ten minutes right after its next refresh has left it. */
function sleeper(events: EventQueue) {
  const life: Life = { name: "sleeper", dead: false, frozenUntil: 0 };
  const clock = { now: (): number => Date.UTC(2026, 10, 2) + events.now };
  const mock = createBitbucketMock({
    clock,
    profile: { base: "strict", accessTokenLength: 24, refreshTokenLength: 24 },
  });
  let leave: () => void = () => undefined;
  /** Resolves when the answer is on its way. */
  const frozen = new Promise<void>((resolve) => (leave = resolve));
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await mock.fetch(input, init);
    life.frozenUntil = events.now + 600_000;
    const arrived = events.wait(life, 200);
    leave();
    await arrived;
    return response;
  };
  return { life, clock, mock, fetch, frozen, grant: mock.issueGrant() };
}

/** Lets time pass until the promise has ended. */
async function until<T>(events: EventQueue, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const ended = promise.finally(() => (isOver = true));
  ended.catch(() => undefined);
  while (!isOver && (await events.next()));
  return ended;
}

describe("a process that is frozen after a refresh was sent", () => {
  let undo: (() => void)[] = [];
  beforeEach(() => void undo.push(digestAtOnce()));
  afterEach(() => {
    for (const step of undo) step();
    undo = [];
  });

  it("reads the answer that waits for it when it wakes, however late that is", async () => {
    const events = createEventQueue(1);
    undo.push(events.install());
    const { life, clock, fetch, frozen, grant, mock } = sleeper(events);
    const { refreshToken = "" } = grant.tokens;
    const tokens = events.as(life, () =>
      refreshTokens({ ...grant.clientOptions, clock, fetch, refreshToken }),
    );
    await frozen;
    expect((await until(events, tokens)).refreshToken).toBe(mock.grant(grant).tokens.refreshToken);
  });

  it("saves what Bitbucket issued, and sends nothing twice", async () => {
    const events = createEventQueue(2);
    undo.push(events.install());
    const { life, clock, fetch, frozen, grant, mock } = sleeper(events);
    const storage: TokenStorage = createMemoryStorage({ clock });
    const options = { ...grant.clientOptions, storage, clock, logging: false };
    const auth = events.as(life, () => createBitbucketAuth({ ...options, fetch }));
    const { refreshToken = "" } = grant.tokens;
    const expired = {
      accessToken: "old",
      refreshToken,
      expiresAt: clock.now(),
      tokenType: "bearer",
    } as const;
    await events.as(life, () => auth.saveTokens("alice", expired));

    const asked = events.as(life, () => auth.getAccessToken("alice"));
    await frozen;
    const token = await until(events, asked);
    expect(token).toBe(mock.grant(grant).tokens.accessToken);
    expect(mock.requests.token("refresh_token")).toHaveLength(1);
    const another = createBitbucketAuth({ ...options, fetch: mock.fetch });
    expect(await another.getAccessToken("alice")).toBe(token);
  });
});
