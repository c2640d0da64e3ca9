import { createBitbucketAuth, createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import { createBitbucketMock, type BitbucketMock, type Grant } from "@bitbucket-auth/testing";
import { describe, expect, it } from "vitest";
import { frozenClock, rejection } from "./signed-in-app.ts";

/** Where a process dies: everything it does from there on never happens. */
const steps = [
  "before the lease",
  "before the intent is written",
  "after the intent is written",
  "before the request reaches Bitbucket",
  "after Bitbucket has rotated",
  "before the tokens are saved",
  "after the tokens are saved",
  "before the lease is released",
] as const;
type Step = (typeof steps)[number];

const never = (): Promise<never> => new Promise(() => undefined);

/** A storage and a network as a process sees them that is killed at `step`. */
function dying(step: Step, storage: TokenStorage, fetch: typeof globalThis.fetch, died: () => void) {
  let writes = 0;
  const die = (): Promise<never> => {
    died();
    return never();
  };
  const dyingStorage: TokenStorage = {
    ...storage,
    async tryLease(key, options) {
      if (step === "before the lease") return die();
      const lease = await storage.tryLease(key, options);
      return (
        lease && {
          ...lease,
          release: () => (step === "before the lease is released" ? die() : lease.release()),
        }
      );
    },
    async compareAndSwap(key, expected, bytes, options) {
      const isIntent = ++writes === 1;
      if (isIntent && step === "before the intent is written") return die();
      if (!isIntent && step === "before the tokens are saved") return die();
      const result = await storage.compareAndSwap(key, expected, bytes, options);
      if (isIntent && step === "after the intent is written") return die();
      if (!isIntent && step === "after the tokens are saved") return die();
      return result;
    },
  };
  const dyingFetch: typeof fetch = async (input, init) => {
    if (step === "before the request reaches Bitbucket") return die();
    const response = await fetch(input, init);
    return step === "after Bitbucket has rotated" ? die() : response;
  };
  return { storage: dyingStorage, fetch: dyingFetch };
}

interface Survival {
  readonly outcome: "served" | "lost_rotation" | "other";
  readonly mock: BitbucketMock;
}

async function dieAndComeBack(
  step: Step,
  bitbucket: { mock: BitbucketMock; grant: Grant },
): Promise<Survival> {
  const { mock, grant } = bitbucket;
  const storage = createMemoryStorage({ clock: mock.clock });
  const common = { ...grant.clientOptions, clock: mock.clock, logging: false, refresh: { rereadMs: 0 } };
  await createBitbucketAuth({ ...common, storage, fetch: mock.fetch }).saveTokens("alice", grant.tokens);
  await mock.clock.advance("121m");

  const { promise: dead, resolve: died } = withResolvers();
  const first = createBitbucketAuth({ ...common, ...dying(step, storage, mock.fetch, died) });
  first.getAccessToken("alice").catch(() => undefined);
  await dead;
  // The lease of the dead lapses.
  await mock.clock.advance("31s");

  const second = createBitbucketAuth({ ...common, storage, fetch: mock.fetch });
  try {
    await second.getAccessToken("alice");
    return { outcome: "served", mock };
  } catch (error) {
    const isLost = error instanceof Error && "reason" in error && error.reason === "lost_rotation";
    return { outcome: isLost ? "lost_rotation" : "other", mock };
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

describe("a process that dies in the middle of a refresh", () => {
  const bitbucket = (profile: "cloud-2026" | "strict") => {
    const mock = createBitbucketMock({ profile, clock: frozenClock });
    return { mock, grant: mock.issueGrant() };
  };

  it.each(steps)("loses no grant when Bitbucket has a leeway: %s", async (step) => {
    const { outcome } = await dieAndComeBack(step, bitbucket("cloud-2026"));
    expect(outcome).toBe("served");
  });

  const lostResponse: readonly Step[] = ["after Bitbucket has rotated", "before the tokens are saved"];
  it.each(steps.filter((step) => !lostResponse.includes(step)))(
    "loses no grant without a leeway either: %s",
    async (step) => {
      const { outcome, mock } = await dieAndComeBack(step, bitbucket("strict"));
      expect(outcome).toBe("served");
      expect(mock.reuseCount).toBe(0);
    },
  );

  it.each(lostResponse)("says that the rotation was lost, without a leeway: %s", async (step) => {
    const { outcome } = await dieAndComeBack(step, bitbucket("strict"));
    expect(outcome).toBe("lost_rotation");
  });

  it("recovers from a lost response by itself, in the same call, when Bitbucket has a leeway", async () => {
    const { mock, grant } = bitbucket("cloud-2026");
    const auth = createBitbucketAuth({ ...grant.clientOptions, clock: mock.clock, fetch: mock.fetch });
    await auth.saveTokens("alice", grant.tokens);
    await mock.clock.advance("121m");
    mock.faults.next("token", { commitThen: "reset" });

    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
    await mock.clock.advance("121m");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
  });

  it("sends a refresh token whose answer was lost once more and then never again, without a leeway", async () => {
    const { mock, grant } = bitbucket("strict");
    const auth = createBitbucketAuth({
      ...grant.clientOptions,
      clock: mock.clock,
      fetch: mock.fetch,
      logging: false,
      refresh: { rereadMs: 0 },
    });
    await auth.saveTokens("alice", grant.tokens);
    await mock.clock.advance("121m");
    mock.faults.next("token", { commitThen: "reset" });

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ reason: "lost_rotation" });
    await rejection(auth.getAccessToken("alice"));
    expect(mock.requests.token("refresh_token")).toHaveLength(2);
  });
});

describe("a storage that is down after the redemption", () => {
  const downAfterIntent = (storage: TokenStorage) => {
    const state = { down: false, writes: 0 };
    const flaky: TokenStorage = {
      ...storage,
      async compareAndSwap(key, expected, bytes, options) {
        if (state.down && state.writes++ > 0) throw new Error("connection lost");
        return storage.compareAndSwap(key, expected, bytes, options);
      },
    };
    return { flaky, state };
  };

  it("hands out the access token but not the refresh token, says so, and saves when it can", async () => {
    const { mock, grant } = bitbucketStrict();
    const { flaky, state } = downAfterIntent(createMemoryStorage());
    const kept: string[] = [];
    const events: string[] = [];
    const auth = createBitbucketAuth({
      ...grant.clientOptions,
      clock: mock.clock,
      fetch: mock.fetch,
      storage: flaky,
      logging: false,
      random: () => 0,
      onUnpersisted: (_account, tokens) => kept.push(tokens.refreshToken ?? ""),
    });
    await auth.saveTokens("alice", grant.tokens);
    await mock.clock.advance("121m");
    state.down = true;
    auth.on("persistFailed", () => events.push("persistFailed"));
    const persisted = new Promise<void>((resolve) => auth.on("persisted", () => resolve()));

    const tokens = await auth.getTokens("alice");
    expect(tokens.accessToken).toBe(mock.grant(grant).tokens.accessToken);
    expect(tokens.refreshToken).toBeUndefined();
    expect(kept).toEqual([mock.grant(grant).tokens.refreshToken]);
    expect(events).toEqual(["persistFailed"]);

    state.down = false;
    await persisted;
    const saved = await auth.getTokens("alice");
    expect(saved.refreshToken).toBe(mock.grant(grant).tokens.refreshToken);
    await mock.clock.advance("121m");
    await expect(auth.getAccessToken("alice")).resolves.toBeTypeOf("string");
    expect(mock.reuseCount).toBe(0);
  });

  it("sends nothing when the storage cannot even be written before", async () => {
    const { mock, grant } = bitbucketStrict();
    const storage = createMemoryStorage();
    const auth = createBitbucketAuth({
      ...grant.clientOptions,
      clock: mock.clock,
      fetch: mock.fetch,
      logging: false,
      storage,
    });
    await auth.saveTokens("alice", grant.tokens);
    await mock.clock.advance("121m");
    storage.compareAndSwap = async () => {
      throw new Error("read-only");
    };

    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "storage_failed" });
    expect(mock.requests.token()).toHaveLength(0);
  });

  function bitbucketStrict() {
    const mock = createBitbucketMock({ profile: "strict", clock: frozenClock });
    return { mock, grant: mock.issueGrant() };
  }
});

describe("signing out while a refresh is under way", () => {
  it("stays signed out", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const issued = mock.issueGrant();
    const auth = createBitbucketAuth({
      ...issued.clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
    });
    await auth.saveTokens("alice", issued.tokens);
    await mock.clock.advance("121m");
    const gate = mock.gates.hold("token", "after-commit");
    const caller = rejection(auth.getAccessToken("alice"));
    await gate.arrived();
    await auth.signOut("alice");
    gate.release();

    expect(await caller).toMatchObject({ code: "signed_out" });
    expect(await rejection(auth.getAccessToken("alice"))).toMatchObject({ code: "signed_out" });
  });

  it("keeps the newer sign-in when somebody signs in during a refresh", async () => {
    const mock = createBitbucketMock({ profile: "strict" });
    const old = mock.issueGrant();
    const auth = createBitbucketAuth({
      ...old.clientOptions,
      fetch: mock.fetch,
      clock: mock.clock,
      logging: false,
    });
    await auth.saveTokens("alice", old.tokens);
    await mock.clock.advance("121m");
    const gate = mock.gates.hold("token", "after-commit");
    const caller = auth.getAccessToken("alice");
    await gate.arrived();
    const renewed = mock.issueGrant();
    await auth.saveTokens("alice", renewed.tokens);
    gate.release();

    expect(await caller).toBe(renewed.tokens.accessToken);
    expect((await auth.getTokens("alice")).refreshToken).toBe(renewed.tokens.refreshToken);
  });
});
