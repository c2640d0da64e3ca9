export type { Answer } from "./fake/answers.js";
export type { ApiCall, ApiReply } from "./fake/api/call.js";
export type { CredentialOptions } from "./fake/credentials.js";
export type { GitBackend, GitCall } from "./fake/site.js";
export {
  createBitbucketMock,
  type ApiAnswer,
  type BitbucketMock,
  type BitbucketMockOptions,
  type MockSnapshot,
} from "./fake/mock.js";
export type { Collection } from "./fake/seed.js";
export type { Exchange } from "./fake/exchange.js";
export type { Fault, FaultHandle, Faults, NetworkFailure } from "./fake/faults.js";
export type { Gate, GatePhase, Gates } from "./fake/gates.js";
export type { GrantControl, GrantSummary } from "./fake/oauth/grants.js";
export type { MockClock, TimeSpan } from "./fake/clock.js";
export type {
  ConsumerRef,
  Credential,
  CredentialKind,
  CredentialState,
  GrantRef,
  MockEvent,
  UserRef,
} from "./fake/state.js";
export type { GrantType, MatchedRequest, Matcher, MockUrls, Op, RequestPattern } from "./fake/operation.js";
export { profiles, type Profile, type ProfileName, type ProfileOverrides } from "./fake/profiles.js";
export type { RequestEntry, RequestLog, Violation } from "./fake/request-log.js";
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
} from "./fake/seed.js";
export type {
  Authorization,
  AuthorizeOptions,
  ClientOptions,
  Grant,
  GrantOptions,
} from "./fake/oauth/sign-in.js";
