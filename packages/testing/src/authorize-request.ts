import type { Consumer } from "./seed.js";

/** An authorize request that Bitbucket would show a consent page for. */
export interface AuthorizeRequest {
  readonly consumer: Consumer;
  readonly responseType: "code" | "token";
  /** The consumer's: the `scope` parameter counts for nothing. */
  readonly scopes: readonly string[];
  readonly state: string | null;
  /** As sent. */
  readonly redirectUri: string | null;
  /** Where the answer goes. */
  readonly callbackUrl: string;
  readonly codeChallenge: string | null;
}
