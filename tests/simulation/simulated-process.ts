import { createBitbucketAuth, type BitbucketAuth } from "@bitbucket-auth/core";
import type { Life } from "./event-queue.ts";
import { createSimulatedNetwork } from "./simulated-network.ts";
import { createSimulatedStorage } from "./simulated-storage.ts";
import type { World } from "./world.ts";

/** One program from its start to its end. */
export interface SimulatedProcess {
  readonly life: Life;
  readonly auth: BitbucketAuth;
  /** This process's idea of the time. */
  now(): number;
  /** Accounts whose newest tokens it alone has, because the storage would not take them. */
  readonly unsaved: ReadonlySet<string | undefined>;
  /** How often it went to the storage and to the network so far. */
  calls(): number;
  /** What it still holds on to: timers and watchers. */
  holds(): number;
  /** What it has begun and not ended. */
  running: number;
  closing: boolean;
}

const noted = [
  "refreshed",
  "adopted",
  "failed",
  "persistFailed",
  "persisted",
  "persistAbandoned",
  "leaseLost",
  "conflict",
  "siblingMerged",
  "reuseSuspected",
  "clockSkew",
  "consumerBlocked",
] as const;

/** Starts a process of the world. */
export function startProcess(world: World, name: string): SimulatedProcess {
  const { events, mishaps } = world;
  const life: Life = { name, dead: false, frozenUntil: 0 };
  const offMs = events.between(-mishaps.clockOffMs, mishaps.clockOffMs);
  const now = (): number => world.startsAt + events.now + offMs;
  const reach = createSimulatedStorage(world.storage, events, life, {
    mishaps,
    weather: world.weather,
    watches: events.random() < 0.5,
  });
  const network = createSimulatedNetwork(world, life);
  const unsaved = new Set<string | undefined>();
  const auth = events.as(life, () =>
    createBitbucketAuth({
      ...world.client,
      storage: reach.storage,
      fetch: network.fetch,
      clock: { now },
      random: events.random,
      logging: false,
    }),
  );
  auth.on("persistFailed", ({ account }) => unsaved.add(account));
  auth.on("persisted", ({ account }) => unsaved.delete(account));
  auth.on("persistAbandoned", ({ account }) => unsaved.delete(account));
  for (const event of noted) auth.on(event, (told) => world.note(`${name} ${event} ${JSON.stringify(told)}`));
  return {
    life,
    auth,
    now,
    unsaved,
    calls: () => reach.calls + network.calls,
    holds: () => events.timersOf(life) + reach.watchers,
    running: 0,
    closing: false,
  };
}
