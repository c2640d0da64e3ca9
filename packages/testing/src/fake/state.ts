import type { MockClock } from "./clock.js";
import type { Profile } from "./profiles.js";
import { toBase64Url } from "./secrets.js";
import {
  checkReferences,
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

/** What every endpoint of one fake shares. */
export interface MockContext {
  readonly profile: Profile;
  readonly clock: MockClock;
  readonly state: MockState;
  readonly emit: EmitMockEvent;
}

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

/** A refresh token and what became of it. */
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

/** An access token and how long it is valid. */
export interface AccessTokenState {
  readonly grantId: string;
  readonly generation: number;
  expiresAt: number;
  /** Epoch milliseconds from which the API refuses it, expired or not. */
  revokedAt: number | null;
}

/** The credentials that are made by hand in Bitbucket's settings and never refresh. */
export type CredentialKind =
  | "api-token"
  | "repository-access-token"
  | "project-access-token"
  | "workspace-access-token"
  | "app-password";

/** A static credential, with what its holder has to send. */
export interface Credential {
  readonly kind: CredentialKind;
  readonly token: string;
  readonly scopes: readonly string[];
  /** The value of the `Authorization` header that the API takes. */
  readonly authorization: string;
  /** What `git` has to send, with the token as password. */
  readonly gitUsername: string;
  /** The user part of Basic at the API: of API tokens and app passwords. */
  readonly apiUsername?: string;
  /** Epoch milliseconds by the fake's clock. Absent: it has no end. */
  readonly expiresAt?: number;
}

/** A static credential as the fake remembers it: plain data. */
export interface CredentialState extends Credential {
  /** `null`: it belongs to a resource and not to a user. */
  readonly username: string | null;
  readonly workspace: string | null;
  readonly project: string | null;
  readonly repository: string | null;
  revoked: boolean;
}

/** A resource of the API as it is answered, whose kind needs no more than that. */
export type ApiItem = Readonly<Record<string, unknown>>;

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
  /** Static credentials by token. */
  readonly credentials: Map<string, CredentialState>;
  /** What the API holds besides users, workspaces, repositories and pull requests, by the path of its list. */
  readonly items: Map<string, readonly ApiItem[]>;
  /** By client id: until when the consumer is refused. */
  readonly lockedUntil: Map<string, number>;
  readonly counters: { grants: number; expiredAnswers: number };
}

/** The state of a fake that has served nothing yet. Throws `TypeError` where the seed is wrong. */
export function createMockState(seed: Seed): MockState {
  const users = (seed.users ?? defaultSeed.users).map(completeUser);
  const workspaces = (seed.workspaces ?? defaultSeed.workspaces).map((given) =>
    completeWorkspace(given, users),
  );
  const repositories = (seed.repositories ?? defaultSeed.repositories).map(completeRepository);
  checkReferences(seed, { users, workspaces, repositories });
  return {
    consumers: (seed.consumers ?? defaultSeed.consumers).map(completeConsumer),
    users,
    workspaces,
    repositories,
    pullRequests: (seed.pullRequests ?? defaultSeed.pullRequests).map((given) =>
      completePullRequest(given, users),
    ),
    codes: new Map(),
    grants: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    credentials: new Map(),
    items: new Map(),
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
  refillMap(state.credentials, copy.credentials);
  refillMap(state.items, copy.items);
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

/** What a fake tells its listeners. Never carries a token. */
export interface MockEvent {
  readonly type: "token.issued" | "token.rotated" | "token.reused" | "family.revoked" | "request";
  /** Epoch milliseconds by the fake's clock. */
  readonly at: number;
  readonly clientId?: string;
  readonly grantId?: string;
  /** The generation that was issued, or the one that was presented. */
  readonly generation?: number;
  /** Of a `request`: its number in the log. */
  readonly request?: number;
}

/** Tells the listeners of an event. */
export type EmitMockEvent = (event: MockEvent) => void;

/** Listeners by event type. */
export interface MockEvents {
  readonly emit: EmitMockEvent;
  /** Calls `listener` on each such event. Answers a function that stops it. */
  readonly on: (type: MockEvent["type"], listener: (event: MockEvent) => void) => () => void;
}

/** No listeners yet. */
export function createMockEvents(): MockEvents {
  const subscriptions = new Set<{ type: MockEvent["type"]; listener: (event: MockEvent) => void }>();
  return {
    emit(event) {
      for (const { type, listener } of subscriptions) if (type === event.type) listener(event);
    },
    on(type, listener) {
      const subscription = { type, listener };
      subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
  };
}

/** Names a consumer by its name or client id. */
export type ConsumerRef = string | Pick<Consumer, "clientId">;
/** Names a user by username or uuid. */
export type UserRef = string | Pick<User, "username">;
/** Names a grant by its id, or by any access or refresh token ever issued for it. */
export type GrantRef = string | { readonly id: string };

/** The consumer meant; the first one when nothing is named. Throws when there is none. */
export function findConsumer({ consumers }: MockState, ref?: ConsumerRef): Consumer {
  const name = typeof ref === "object" ? ref.clientId : ref;
  const found = consumers.find(
    (known) => name === undefined || known.clientId === name || known.name === name,
  );
  if (found === undefined) throw new Error(`The fake has no consumer ${name ?? "at all"}`);
  return found;
}

/** The user meant; the first one when none is named. Throws when there is none. */
export function findUser({ users }: MockState, ref?: UserRef): User {
  const name = typeof ref === "object" ? ref.username : ref;
  const found = users.find((known) => name === undefined || known.username === name || known.uuid === name);
  if (found === undefined) throw new Error(`The fake has no user ${name ?? "at all"}`);
  return found;
}

/** The grant meant. Throws when there is none, without repeating what may be a token. */
export function findGrant({ grants, refreshTokens, accessTokens }: MockState, ref: GrantRef): GrantState {
  const name = typeof ref === "object" ? ref.id : ref;
  const id = (refreshTokens.get(name) ?? accessTokens.get(name))?.grantId ?? name;
  const found = grants.get(id);
  if (found === undefined) throw new Error("The fake has no such grant");
  return found;
}

/** Shorter values turn up in texts by chance. */
const shortestSecret = 8;

/** Names every secret of the fake that is in the text, as it is, form-encoded or in base64. The names give nothing away. */
export function findLeaks(state: MockState, text: string): readonly string[] {
  const found = new Set<string>();
  for (const [name, secret] of secretsOf(state))
    if (secret.length >= shortestSecret && spellings(secret).some((spelling) => text.includes(spelling)))
      found.add(name);
  return [...found];
}

function* secretsOf(state: MockState): Generator<readonly [name: string, secret: string]> {
  for (const { name, clientId, clientSecret } of state.consumers) {
    yield [`the client secret of ${name}`, clientSecret];
    yield [
      `the Basic credentials of ${name}`,
      toBase64Url(new TextEncoder().encode(`${clientId}:${clientSecret}`)),
    ];
  }
  for (const { username, password } of state.users) yield [`the password of ${username}`, password];
  for (const [token, { grantId, generation }] of state.accessTokens)
    yield [`the access token of ${grantId}, generation ${generation}`, token];
  for (const [token, { grantId, generation }] of state.refreshTokens)
    yield [`the refresh token of ${grantId}, generation ${generation}`, token];
  for (const [token, { kind }] of state.credentials) yield [`a credential of the kind ${kind}`, token];
  for (const [code, { verifier }] of state.codes) {
    yield ["an authorization code", code];
    if (verifier !== null) yield ["a code verifier", verifier];
  }
}

/** Base64 in both alphabets, without the padding: with it the text is longer, not different. */
function spellings(secret: string): readonly string[] {
  const base64url = toBase64Url(new TextEncoder().encode(secret));
  return [secret, encodeURIComponent(secret), base64url, base64url.replaceAll("-", "+").replaceAll("_", "/")];
}
