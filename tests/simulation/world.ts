import { createMemoryStorage, type TokenStorage } from "@bitbucket-auth/core";
import {
  createBitbucketMock,
  type BitbucketMock,
  type ClientOptions,
  type ProfileOverrides,
} from "@bitbucket-auth/testing";
import { createEventQueue, type EventQueue } from "./event-queue.ts";
import { createLedger, recorded, type Ledger } from "./ledger.ts";
import type { Mishaps } from "./mishaps.ts";
import type { StorageWeather } from "./simulated-storage.ts";

export const hourMs = 3_600_000;
/** How long an access token lives at the fake, and at Bitbucket. */
export const accessLifeMs = 2 * hourMs;

/** What is simulated. */
export interface SimulationOptions {
  readonly profile: ProfileOverrides;
  readonly mishaps: Mishaps;
  /** How many things the processes are asked to do. */
  readonly operations?: number;
}

/** Everything that outlives a process. */
export interface World {
  readonly events: EventQueue;
  readonly mishaps: Mishaps;
  readonly mock: BitbucketMock;
  readonly client: ClientOptions;
  readonly ledger: Ledger;
  readonly storage: TokenStorage;
  readonly weather: StorageWeather;
  readonly startsAt: number;
  /** What no client can prevent: the answer that killed the stored tokens reached nobody. */
  isOrphaned: boolean;
  /** What happened, for whoever looks into a seed. */
  readonly notes: string[];
  note(text: string): void;
  /** Consents, with a pair that nobody has saved yet. */
  consent(account: string): { accessToken: string; refreshToken: string };
}

export function createWorld(seed: number, { profile, mishaps }: SimulationOptions): World {
  const events = createEventQueue(seed);
  const startsAt = Date.UTC(2026, 10, 2);
  const clock = { now: (): number => startsAt + events.now };
  const mock = createBitbucketMock({
    clock,
    profile: { ...profile, accessTokenLength: 24, refreshTokenLength: 24 },
  });
  const hasMishaps = mishaps.answerLost > 0 || mishaps.clockOffMs > 0;
  const ledger = createLedger({ leastMsBetweenRefreshes: hasMishaps ? 0 : 55_000 });
  const notes: string[] = [];
  const { clientOptions } = mock.issueGrant();
  return {
    events,
    mishaps,
    mock,
    client: clientOptions,
    ledger,
    storage: recorded(createMemoryStorage({ clock }), ledger),
    weather: { outageUntil: 0 },
    startsAt,
    isOrphaned: false,
    notes,
    note: (text) => void notes.push(`${events.now} ${text}`),
    consent(account) {
      const { accessToken, refreshToken = "" } = mock.issueGrant().tokens;
      const tokens = { accessToken, refreshToken };
      ledger.signedIn(account, tokens, events.now);
      return tokens;
    },
  };
}
