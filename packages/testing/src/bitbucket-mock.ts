import type { Clock } from "@bitbucket-auth/core";
import { createCollection, type Collection } from "./collection.js";
import { carryOut, type Exchange, type ExchangeParts } from "./exchange.js";
import { createFaults, type Faults } from "./faults.js";
import { createGates, type Gates } from "./gates.js";
import { createGrantControl, type GrantControl } from "./grant-control.js";
import { summarizeGrant, type GrantSummary } from "./grant-summary.js";
import { findLeaks } from "./leaks.js";
import { findGrant, type GrantRef } from "./lookup.js";
import { createMockClock, type MockClock } from "./mock-clock.js";
import type { MockContext } from "./mock-context.js";
import { createMockEvents, type MockEvents } from "./mock-events.js";
import { createMockFetch } from "./mock-fetch.js";
import { createMockState, restoreState, type MockState } from "./mock-state.js";
import { resolveProfile, type Profile, type ProfileName, type ProfileOverrides } from "./profiles.js";
import { createRequestLog, type RequestLog, type Violation } from "./request-log.js";
import {
  completeConsumer,
  completePullRequest,
  completeRepository,
  completeUser,
  completeWorkspace,
  type Consumer,
  type ConsumerSeed,
  type PullRequest,
  type PullRequestSeed,
  type Repository,
  type RepositorySeed,
  type Seed,
  type User,
  type UserSeed,
  type Workspace,
  type WorkspaceSeed,
} from "./seed.js";
import { createSignIn, type SignIn } from "./sign-in.js";
import { createServedOrigins, type MockUrls, type ServedOrigins } from "./served-origins.js";

/** How the fake starts. The lists of `Seed` may stand here or under `seed`; those that stand here count. */
export interface BitbucketMockOptions extends Seed {
  /** The dialect it speaks: a name, or single knobs. */
  readonly profile?: ProfileName | ProfileOverrides;
  /** Where its time comes from; it can be moved on top of that. Absent or `"system"`: `Date.now()`, faked or not. */
  readonly clock?: Clock | "system";
  /** Whether what Bitbucket would refuse whoever asks is listed in `violations`. */
  readonly strict?: boolean;
  /** Who grants at once instead of seeing the consent page; `true` for the first user. */
  readonly autoApprove?: string | boolean;
  readonly seed?: Seed;
}

/** A whole Bitbucket in memory. Nothing is shared between two of them. */
export interface BitbucketMock extends SignIn, Pick<MockEvents, "on"> {
  /** The fake as a `fetch`. Bound: hand it to a client. */
  readonly fetch: typeof globalThis.fetch;
  /** One request with its end, for adapters: a network failure is data here. */
  exchange(request: Request): Promise<Exchange>;
  readonly urls: MockUrls;
  /** Makes it answer for another origin as well, until the answered function is called. */
  readonly serveAt: ServedOrigins["serveAt"];
  readonly profile: Profile;
  readonly consumers: Collection<Consumer, ConsumerSeed>;
  readonly users: Collection<User, UserSeed>;
  readonly workspaces: Collection<Workspace, WorkspaceSeed>;
  readonly repositories: Collection<Repository, RepositorySeed>;
  readonly pullRequests: Collection<PullRequest, PullRequestSeed>;
  grant(ref: GrantRef): GrantControl;
  /** Every consent so far, without its tokens. */
  readonly grants: readonly GrantSummary[];
  /** Who grants at once instead of seeing the consent page; `true` for the first user, `false` for nobody. */
  autoApprove: string | boolean;
  readonly clock: MockClock;
  readonly faults: Faults;
  readonly gates: Gates;
  readonly requests: RequestLog;
  readonly violations: readonly Violation[];
  /** How often any refresh token was presented again after its leeway. */
  readonly reuseCount: number;
  /** Names the tokens, codes, verifiers and secrets that are in a text, as they are or in base64. Empty: none. */
  leaks(text: string): readonly string[];
  /** Back to the start: seed, clock, log, faults, gates. Listeners stay. */
  reset(): void;
  /** The state of users, consumers, grants and tokens as it is now. */
  snapshot(): MockSnapshot;
  /** Puts that state back. Clock and log go on. */
  restore(snapshot: MockSnapshot): void;
}

/** A state to come back to. Opaque. */
export interface MockSnapshot {
  readonly state: MockState;
}

/** Starts a fake Bitbucket. */
export function createBitbucketMock(options: BitbucketMockOptions = {}): BitbucketMock {
  const { profile, clock: source, strict = true, autoApprove = false, seed, ...lists } = options;
  const clock = createMockClock(source === "system" ? undefined : source);
  const events = createMockEvents();
  const state = createMockState({ ...seed, ...lists });
  const context: MockContext = { profile: resolveProfile(profile), clock, state, emit: events.emit };
  const origins = createServedOrigins();
  const faults = createFaults();
  const gates = createGates();
  const recorder = createRequestLog();
  const initial = structuredClone(state);

  const exchange = (request: Request): Promise<Exchange> => carryOut(parts, request);
  const mock: BitbucketMock = {
    ...createSignIn(context, () => origins.urls),
    fetch: createMockFetch(exchange),
    exchange,
    get urls() {
      return origins.urls;
    },
    serveAt: origins.serveAt,
    profile: context.profile,
    consumers: createCollection(state.consumers, completeConsumer),
    users: createCollection(state.users, completeUser),
    workspaces: createCollection(state.workspaces, (given: WorkspaceSeed) =>
      completeWorkspace(given, state.users),
    ),
    repositories: createCollection(state.repositories, completeRepository),
    pullRequests: createCollection(state.pullRequests, (given: PullRequestSeed) =>
      completePullRequest(given, state.users),
    ),
    grant: (ref) => createGrantControl(context, findGrant(state, ref)),
    get grants() {
      return [...state.grants.values()].map((grant) => summarizeGrant(context, grant));
    },
    autoApprove,
    clock,
    faults,
    gates,
    requests: recorder.log,
    violations: recorder.violations,
    get reuseCount() {
      return [...state.grants.values()].reduce((sum, grant) => sum + grant.reuseCount, 0);
    },
    on: events.on,
    leaks: (text) => findLeaks(state, text),
    reset() {
      mock.autoApprove = autoApprove;
      restoreState(state, initial);
      clock.rewind();
      faults.clear();
      gates.openAll();
      recorder.clear();
    },
    snapshot: () => ({ state: structuredClone(state) }),
    restore: (snapshot) => restoreState(state, snapshot.state),
  };
  const parts: ExchangeParts = {
    context,
    hosts: origins.hosts,
    faults,
    gates,
    recorder,
    strict,
    autoApprove: () => mock.autoApprove,
  };
  return mock;
}
