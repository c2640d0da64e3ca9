import { assertNames } from "./names.js";
import type { Clock } from "@bitbucket-auth/core";
import { answerOf, pathPattern, type ApiCall, type ApiRoute } from "./api/call.js";
import { createMockClock, type MockClock } from "./clock.js";
import { carryOut, type Exchange, type ExchangeParts } from "./exchange.js";
import { findCredential, issueCredential, type CredentialOptions } from "./credentials.js";
import { createFaults, type Faults } from "./faults.js";
import { createMockFetch } from "./fetch.js";
import { createGates, type Gates } from "./gates.js";
import { createGrantControl, type GrantControl, summarizeGrant, type GrantSummary } from "./oauth/grants.js";
import { createSignIn, type SignIn } from "./oauth/sign-in.js";
import { createServedOrigins, type MockUrls, type ServedOrigins } from "./operation.js";
import { resolveProfile, type Profile, type ProfileName, type ProfileOverrides } from "./profiles.js";
import { createRequestLog, type RequestLog, type Violation } from "./request-log.js";
import {
  createCollection,
  seedMembers,
  type Collection,
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
import type { GitBackend } from "./site.js";
import {
  type Credential,
  type CredentialState,
  findLeaks,
  findGrant,
  type GrantRef,
  type MockContext,
  createMockEvents,
  type MockEvents,
  createMockState,
  restoreState,
  type MockState,
} from "./state.js";

/** How the fake starts. The lists of `Seed` may stand here or under `seed`; those that stand here count. */
export interface BitbucketMockOptions extends Seed {
  /** The dialect it speaks: a name, or single knobs. */
  readonly profile?: ProfileName | ProfileOverrides | undefined;
  /** Where its time comes from; it can be moved on top of that. Absent or `"system"`: `Date.now()`, faked or not. */
  readonly clock?: Clock | "system" | undefined;
  /** Whether what Bitbucket would refuse from every caller is listed in `violations`. @default true */
  readonly strict?: boolean | undefined;
  /** Who grants at once instead of seeing the consent page; `true` for the first user. @default false */
  readonly autoApprove?: string | boolean | undefined;
  readonly seed?: Seed | undefined;
}

/** A whole Bitbucket in memory. Nothing is shared between two of them. */
export interface BitbucketMock extends SignIn, Pick<MockEvents, "on"> {
  /** The fake as a `fetch`. Bound: hand it to a client. */
  readonly fetch: typeof globalThis.fetch;
  /** One request with its end, for adapters: a network failure is data here. */
  exchange(request: Request): Promise<Exchange>;
  /** Where it answers: Bitbucket's addresses, or those of the server that serves it. */
  readonly urls: MockUrls;
  /** Makes it answer for another origin as well, until the returned function is called. */
  readonly serveAt: ServedOrigins["serveAt"];
  /** Every knob of its dialect, as it was resolved. */
  readonly profile: Profile;
  readonly consumers: Collection<Consumer, ConsumerSeed>;
  readonly users: Collection<User, UserSeed>;
  readonly workspaces: Collection<Workspace, WorkspaceSeed>;
  readonly repositories: Collection<Repository, RepositorySeed>;
  readonly pullRequests: Collection<PullRequest, PullRequestSeed>;
  /** Shows one grant, and lets a test revoke it or have it refreshed elsewhere. */
  grant(ref: GrantRef): GrantControl;
  /** Makes an API token, an access token or an app password, as its owner would in Bitbucket's settings. */
  issueCredential(options: CredentialOptions): Credential;
  /** The static credentials made so far, by their tokens. */
  readonly credentials: { of(token: string): CredentialState };
  /** Revokes a credential by its token. */
  revokeCredential(token: string): void;
  /**
   * Adds an endpoint to the API, or replaces one: `mock.route("GET", "/2.0/repositories/:workspace/:repository/forks", { values: [] })`.
   * In a path `:name` is one segment and `*name` the rest. The answer is a body, or a function that makes one of the call;
   * `call.reply(status, body, headers)` answers with another status. Callers need a token; `scope` names what it must cover.
   */
  route(
    method: string,
    path: string,
    answer: ApiAnswer,
    options?: { readonly scope?: string | undefined },
  ): void;
  /** Hands the requests of `git` that are let in to `backend`, until the returned function is called. */
  serveGit(backend: GitBackend): () => void;
  /** Every consent so far, without its tokens. */
  readonly grants: readonly GrantSummary[];
  /** Who grants at once instead of seeing the consent page; `true` for the first user, `false`: none. */
  autoApprove: string | boolean;
  /** The time of the fake. Give it to the client under test too. */
  readonly clock: MockClock;
  /** Makes requests go wrong when told. */
  readonly faults: Faults;
  /** Holds requests back, to set their order. */
  readonly gates: Gates;
  /** Every request so far, without its tokens. */
  readonly requests: RequestLog;
  /** Requests that Bitbucket refuses from every caller, or that the fake does not know. */
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

/** What an added endpoint answers: a JSON body, or a function that makes one. */
export type ApiAnswer = object | string | ((call: ApiCall) => unknown);

/** A state to come back to. Opaque. */
export interface MockSnapshot {
  readonly state: MockState;
}

/** Throws where options stand in the place of a fake, which a program without types may say. */
export function assertFake(given: object): void {
  if (!("serveAt" in given))
    throw new TypeError("The first argument is a fake, or undefined for a new one; options come second.");
}

/** Starts a fake Bitbucket. */
export function createBitbucketMock(options: BitbucketMockOptions = {}): BitbucketMock {
  const { profile, clock: source, strict = true, autoApprove = false, seed, ...lists } = options;
  const unknown = Object.keys({ ...seed, ...lists }).find((name) => !Object.hasOwn(seedMembers, name));
  if (unknown !== undefined)
    throw new TypeError(
      `createBitbucketMock() has no option ${unknown}. It has profile, clock, strict, autoApprove, seed, ${Object.keys(seedMembers).join(", ")}.`,
    );
  const clock = createMockClock(source === "system" ? undefined : source);
  const events = createMockEvents();
  const listed = Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined));
  const state = createMockState({ ...seed, ...listed });
  const context: MockContext = { profile: resolveProfile(profile), clock, state, emit: events.emit };
  const origins = createServedOrigins();
  const faults = createFaults();
  const gates = createGates();
  const recorder = createRequestLog();
  const initial = structuredClone(state);
  const routes: ApiRoute[] = [];
  const backends: GitBackend[] = [];

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
    issueCredential: (given) => issueCredential(context, given),
    credentials: { of: (token) => findCredential(context, token) },
    revokeCredential: (token) => void (findCredential(context, token).revoked = true),
    route(method, path, answer, extras = {}) {
      if (typeof path !== "string" || !path.startsWith("/"))
        throw new TypeError('route() takes a method and a path, such as "/2.0/user".');
      assertNames(extras, "route()", ["scope"]);
      const { scope } = extras;
      const make = typeof answer === "function" ? answer : () => answer;
      routes.unshift({
        method: method.toUpperCase(),
        path: pathPattern(path),
        scope: scope ?? null,
        answer: (call) => answerOf(make(call)),
      });
    },
    serveGit(backend) {
      backends.push(backend);
      return () => void backends.splice(backends.indexOf(backend), 1);
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
    routes,
    git: () => backends.at(-1) ?? null,
    autoApprove: () => mock.autoApprove,
  };
  return mock;
}
