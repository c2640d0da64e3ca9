export {
  createBitbucketMock,
  type BitbucketMock,
  type BitbucketMockOptions,
  type MockSnapshot,
} from "./bitbucket-mock.js";
export type { Collection } from "./collection.js";
export type { Exchange } from "./exchange.js";
export type { Fault, FaultHandle, Faults, NetworkFailure } from "./faults.js";
export type { Gate, GatePhase, Gates } from "./gates.js";
export type { GrantControl } from "./grant-control.js";
export type { GrantSummary } from "./grant-summary.js";
export type { ConsumerRef, GrantRef, UserRef } from "./lookup.js";
export type { MockClock, TimeSpan } from "./mock-clock.js";
export type { MockEvent } from "./mock-events.js";
export type { MatchedRequest, Matcher, Op, RequestPattern } from "./operation.js";
export { profiles, type Profile, type ProfileName, type ProfileOverrides } from "./profiles.js";
export type { RequestEntry, RequestLog, Violation } from "./request-log.js";
export type {
  Consumer,
  ConsumerSeed,
  PullRequest,
  PullRequestSeed,
  Repository,
  RepositorySeed,
  Seed,
  User,
  UserSeed,
  Workspace,
  WorkspaceSeed,
} from "./seed.js";
export type { MockUrls } from "./served-origins.js";
export type { Authorization, AuthorizeOptions, ClientOptions, Grant, GrantOptions } from "./sign-in.js";
export type { GrantType } from "./grant-type.js";
