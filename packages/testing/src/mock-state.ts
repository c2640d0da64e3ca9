import {
  completeConsumer,
  completePullRequest,
  completeRepository,
  completeUser,
  completeWorkspace,
  defaultSeed,
  type Consumer,
  type PullRequest,
  type Repository,
  type Seed,
  type User,
  type Workspace,
} from "./seed.js";

/** An authorization code waiting to be exchanged, or already exchanged. */
export interface CodeState {
  readonly clientId: string;
  readonly username: string;
  readonly scopes: readonly string[];
  /** As sent in the authorize request; `null` when it was left out. */
  readonly redirectUri: string | null;
  readonly codeChallenge: string | null;
  readonly expiresAt: number;
  grantId: string | null;
  /** What was sent to exchange it. */
  verifier: string | null;
}

/** One user's consent for one consumer, with every token ever issued for it. */
export interface GrantState {
  readonly id: string;
  readonly clientId: string;
  /** `null`: the consumer itself, Bitbucket's `app_user`. */
  readonly username: string | null;
  readonly scopes: readonly string[];
  revoked: boolean;
  /** Counts token responses: 1 for the first pair. */
  generation: number;
  reuseCount: number;
  /** By how much the clock of `clientOptions` is ahead of the fake's, in milliseconds. */
  clientAheadMs: number;
  /** The tokens a client ought to hold now. */
  current: { accessToken: string; refreshToken: string | null };
}

export interface RefreshTokenState {
  readonly grantId: string;
  readonly generation: number;
  /** The refresh token this one was traded for. */
  readonly parent: string | null;
  /** The access token issued with it. */
  readonly companion: string;
  expiresAt: number | null;
  firstUsedAt: number | null;
  revoked: boolean;
}

export interface AccessTokenState {
  readonly grantId: string;
  readonly generation: number;
  expiresAt: number;
  /** Epoch milliseconds from which the API refuses it, expired or not. */
  revokedAt: number | null;
}

/** Everything the fake remembers: plain data, so that a snapshot is a copy. */
export interface MockState {
  readonly consumers: Consumer[];
  readonly users: User[];
  readonly workspaces: Workspace[];
  readonly repositories: Repository[];
  readonly pullRequests: PullRequest[];
  readonly codes: Map<string, CodeState>;
  readonly grants: Map<string, GrantState>;
  readonly refreshTokens: Map<string, RefreshTokenState>;
  readonly accessTokens: Map<string, AccessTokenState>;
  /** By client id: until when the consumer is refused. */
  readonly lockedUntil: Map<string, number>;
  readonly counters: { grants: number; expiredAnswers: number };
}

export function createMockState(seed: Seed): MockState {
  const users = (seed.users ?? defaultSeed.users).map(completeUser);
  return {
    consumers: (seed.consumers ?? defaultSeed.consumers).map(completeConsumer),
    users,
    workspaces: (seed.workspaces ?? defaultSeed.workspaces).map((given) => completeWorkspace(given, users)),
    repositories: (seed.repositories ?? defaultSeed.repositories).map(completeRepository),
    pullRequests: (seed.pullRequests ?? defaultSeed.pullRequests).map((given) =>
      completePullRequest(given, users),
    ),
    codes: new Map(),
    grants: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    lockedUntil: new Map(),
    counters: { grants: 0, expiredAnswers: 0 },
  };
}

/** Makes `state` equal to `saved` without replacing it: others hold on to its lists. */
export function restoreState(state: MockState, saved: MockState): void {
  const copy = structuredClone(saved);
  refill(state.consumers, copy.consumers);
  refill(state.users, copy.users);
  refill(state.workspaces, copy.workspaces);
  refill(state.repositories, copy.repositories);
  refill(state.pullRequests, copy.pullRequests);
  refillMap(state.codes, copy.codes);
  refillMap(state.grants, copy.grants);
  refillMap(state.refreshTokens, copy.refreshTokens);
  refillMap(state.accessTokens, copy.accessTokens);
  refillMap(state.lockedUntil, copy.lockedUntil);
  Object.assign(state.counters, copy.counters);
}

function refill<Item>(list: Item[], items: readonly Item[]): void {
  list.splice(0, list.length, ...items);
}

function refillMap<Key, Value>(map: Map<Key, Value>, entries: ReadonlyMap<Key, Value>): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}
