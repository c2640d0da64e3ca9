/**
 * What the other packages of this family share with core. **Not public**: names here change or go in any release, patches
 * included. Programs use the main entry.
 */
export {
  bearerSource,
  createAuthenticatedFetch,
  type AccessTokenSource,
  type AuthenticatedFetchOptions,
  type AuthorizationSource,
} from "./api/fetch.js";
export { readApiAddress } from "./api/address.js";
export { grantsScope } from "./api/scopes.js";
export {
  createUsedStates,
  equalInConstantTime,
  type UsedStates,
  type UsedStatesOptions,
} from "./authorization/callback.js";
export { parseAuthorizationTransaction } from "./authorization/transaction.js";
export { configNames, optionsFromConfig, storageFromConfig } from "./config/get-tokens.js";
export {
  assertClock,
  assertCredential,
  assertFunction,
  assertMethods,
  assertObject,
  assertOptions,
  assertSignal,
  assertText,
  assertTimeLimit,
  bitbucketCloud,
  chooseLogger,
  systemClock,
} from "./environment.js";
export { type KnownGrant, type KnownGrants, knownGrants } from "./grant-keeper.js";
export { createRecordCipher, type RecordCipher } from "./storage/encryption.js";
export { createRedactor, type Redact } from "./redact.js";
export { parseJson, readUrl, toBase64, toBase64Url, fromBase64Url } from "./text.js";
export {
  createSingleFlight,
  join,
  joinOrStart,
  lost,
  type JoinBounds,
  type SingleFlight,
} from "./sharing.js";
export {
  anySignal,
  startTimer,
  waitFor,
  withinTime,
  type StartTimer,
  type StopSignal,
  type TimeLimit,
  type WaitLimit,
} from "./timing.js";
export { bodyChunks, readRetryAfter, toBytes, type BodySource, type Chunks } from "./token-endpoint/http.js";
export { isSafeAddress, keepsSecrets } from "./token-endpoint/request.js";
