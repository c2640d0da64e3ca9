export type {
  AuthorizationOptions,
  Credential,
  CredentialKind,
  CredentialWarning,
  Identity,
  StaticCredentialOptions,
  Verification,
  VerificationProblem,
} from "./credential.js";
export { credentialFromEnvironment, type CredentialEnvironment } from "./environment.js";
export {
  accessToken,
  apiToken,
  type AccessTokenOptions,
  type ApiTokenOptions,
} from "./static-credentials.js";
export {
  consumerCredential,
  oauthCredential,
  type ConsumerCredentialOptions,
  type OAuthCredentialOptions,
} from "./oauth-credentials.js";
